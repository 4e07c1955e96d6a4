-- The tables that there are: before the first run there are none, and staging may lack some.
select
    table_schema as schema_name,
    table_name
from information_schema.tables
where table_schema in ('goodreads_staging', 'goodreads_warehouse')
