merge into goodreads_warehouse.$table
using goodreads_staging.$table as staged
    on goodreads_warehouse.$table.$key = staged.$key
when matched then
    update
        set
$assignments,
            $published_by = '$run'
when not matched then insert (
$columns,
    $published_by
)
values (
$values,
    '$run'
)
