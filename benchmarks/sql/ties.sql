-- Keys whose newest time more than one row has: any of these rows may be the one that is kept.
select
    $key as key,
    count(*) as rows_at_newest
from (
    select $key, rank() over (partition by $key order by record_create_timestamp desc) as place
    from $rows
)
where place = 1
group by $key
having count(*) > 1
