merge into $table
using (
    select $columns
    from $rows
    qualify row_number() over (partition by $key order by record_create_timestamp desc) = 1
) as newest
    on $table.$key = newest.$key
when matched and newest.record_create_timestamp > $table.record_create_timestamp then update
when not matched then insert
