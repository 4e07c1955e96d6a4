-- The columns of the tables as they are.
select
    table_schema,
    table_name,
    column_name,
    is_nullable,
    data_type,
    character_maximum_length,
    numeric_precision,
    numeric_scale
from svv_columns
where table_schema in ('goodreads_warehouse', 'goodreads_analytics')
