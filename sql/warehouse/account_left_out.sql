-- Counts the staged rows of whoever is to be left out: the ledger has just counted them as inserted, and they will not be.
insert into goodreads_warehouse.ledger_forgotten (
    subject,
    dataset,
    rows_forgotten,
    forgotten_at
)
select
    left_out.subject,
    '$table' as dataset,
    count(*) as rows_forgotten,
    getdate() as forgotten_at
from goodreads_staging.$table as staged
inner join goodreads_warehouse.left_out as left_out
    on sha2('$kind/' || cast(staged.$column as varchar(20)), 256) = left_out.subject
left join goodreads_warehouse.$table as present
    on staged.$key = present.$key
where present.$key is null
group by left_out.subject
