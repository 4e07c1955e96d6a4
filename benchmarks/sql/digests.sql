create or replace temp table $table as
select
    cast($key as bigint) as key,
    hash($values) as digest
from $rows
