select
    table_schema,
    table_name,
    count(*)
from svv_columns
where table_schema in ($schemas)
group by table_schema, table_name
order by table_schema, table_name
