-- When a person, or another record, was forgotten, and since when later deliveries leave it out.
select
    cast(max(requests.forgotten_at) as varchar(32)) as forgotten_at,
    cast(max(requests.since) as varchar(32)) as left_out_since
from (
    select
        forgotten_at,
        cast(null as timestamp) as since
    from goodreads_warehouse.ledger_forgotten
    where subject = :subject
    union all
    select
        cast(null as timestamp) as forgotten_at,
        since
    from goodreads_warehouse.left_out
    where subject = :subject
) as requests
