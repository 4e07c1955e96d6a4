merge into goodreads_warehouse.$table
using goodreads_staging.$table as staged
    on goodreads_warehouse.$table.$key = staged.$key
when matched then
    update
        set
$assignments
when not matched then insert (
$columns
)
values (
$values
)
