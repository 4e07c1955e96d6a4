-- The tables and columns that there are: before the first run there are none, and an older deployment lacks some.
select
    table_schema,
    table_name,
    column_name
from svv_columns
where table_schema in ('goodreads_warehouse', '$current', '$past')
