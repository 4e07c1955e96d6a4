insert into goodreads_warehouse.ledger_forgotten (
    subject,
    dataset,
    rows_forgotten,
    forgotten_at
)
select
    cast(:subject as varchar(64)) as subject,
    '$table' as dataset,
    count(*) as rows_forgotten,
    getdate() as forgotten_at
from goodreads_warehouse.$table
where $column = cast(:id as bigint)
having count(*) > 0
