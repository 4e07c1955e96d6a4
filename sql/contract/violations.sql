-- How many rows of a table violate a rule.
select count(*) as violations
from $table as checked
where $condition
