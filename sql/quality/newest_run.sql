-- The run that has checked last; none before the first run.
select run_id
from goodreads_warehouse.quality_results
order by checked_at desc
limit 1
