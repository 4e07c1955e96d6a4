-- The row of a record in a table of flags.
select flagged.*
from $schema.$table as flagged
where flagged.$key = cast(:id as bigint)
