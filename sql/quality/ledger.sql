-- The warehouse has exactly as many rows as the ledger says were inserted and not forgotten.
select
    counted.dataset,
    '' as column_name,
    'ledger' as rule,
    abs(counted.row_count - counted.row_count_expected) as violations,
    counted.row_count as found,
    counted.row_count_expected as expected
from (
$counted
) as counted
