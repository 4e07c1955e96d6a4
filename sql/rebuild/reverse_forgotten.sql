-- Takes back what the ledger counts as forgotten: the rows will not be inserted again, for the archive holds them no longer.
insert into goodreads_warehouse.ledger_forgotten (
    subject,
    dataset,
    rows_forgotten,
    forgotten_at
)
select
    cast(:rebuild as varchar(64)) as subject,
    '$table' as dataset,
    -cast(sum(rows_forgotten) as bigint) as rows_forgotten,
    getdate() as forgotten_at
from goodreads_warehouse.ledger_forgotten
where dataset = '$table'
having sum(rows_forgotten) <> 0
