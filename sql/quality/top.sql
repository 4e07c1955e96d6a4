-- At most $top rows, placed 1, 2, 3 and so on without a gap.
select
    '$table' as dataset,
    'place' as column_name,
    'top' as rule,
    case
        when count(*) > $top then count(*) - $top
        else count(*) - coalesce(max(place), 0)
    end as violations
from goodreads_analytics.$table
