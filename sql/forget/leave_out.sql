insert into goodreads_warehouse.left_out (
    subject,
    since
)
select
    cast(:subject as varchar(64)) as subject,
    getdate() as since
from (
    select count(*) as times
    from goodreads_warehouse.left_out
    where subject = :subject
) as listed
where listed.times = 0
