-- The share of a table's rows that violate a rule about another table.
select
    100.0 * count(
        case
            when $condition then 1
        end
    ) / nullif(count(*), 0) as violating_percent
from $table as checked
$join
