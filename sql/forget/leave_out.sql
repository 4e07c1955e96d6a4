insert into goodreads_warehouse.left_out (
    subject,
    since
)
select
    cast(:subject as varchar(64)) as subject,
    getdate() as since
where
    not exists (
        select 1
        from goodreads_warehouse.left_out as earlier
        where earlier.subject = :subject
    )
