-- Notes that the tables are those of this catalog, unless that is the newest note.
insert into goodreads_warehouse.catalog_versions (
    version,
    digest,
    definition,
    run_id,
    recorded_at
)
select
    newest.version + 1 as version,
    '$digest' as digest,
    '$definition' as definition,
    cast(:run_id as varchar(128)) as run_id,
    getdate() as recorded_at
from (
    select coalesce(max(version), 0) as version
    from goodreads_warehouse.catalog_versions
) as newest
where
    not exists (
        select 1
        from goodreads_warehouse.catalog_versions as recorded
        where
            recorded.version = newest.version
            and recorded.digest = '$digest'
    )
