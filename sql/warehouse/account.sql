-- Compares what is staged with what the warehouse holds and writes the run's line of the ledger.
-- If the run is already in the ledger, an earlier attempt published it, and no line is written. If another run has
-- filled staging, or a newer run holds the lease, a flag is null and the publish fails.
insert into goodreads_warehouse.ledger (
    run_id,
    dataset,
    fencing_token,
    rows_read,
    rows_inserted,
    rows_updated,
    rows_stale,
    rows_duplicate,
    rows_quarantined,
    every_row_is_accounted_for,
    the_lease_is_still_held,
    published_at
)
with compared as (
    select
        case
            when present.$key is null then 'inserted'
            when staged.record_create_timestamp > present.record_create_timestamp then 'updated'
            when staged.record_create_timestamp < present.record_create_timestamp then 'stale'
            when staged.record_hash > present.record_hash then 'updated'
            when staged.record_hash < present.record_hash then 'stale'
            else 'duplicate'
        end as outcome
    from goodreads_staging.$table as staged
    left join goodreads_warehouse.$table as present
        on staged.$key = present.$key
),

counted as (
    select
        count(case when outcome = 'inserted' then 1 end) as rows_inserted,
        count(case when outcome = 'updated' then 1 end) as rows_updated,
        count(case when outcome = 'stale' then 1 end) as rows_stale,
        count(case when outcome = 'duplicate' then 1 end) as rows_duplicate
    from compared
)

select
    accounting.run_id,
    accounting.dataset,
    accounting.fencing_token,
    accounting.rows_read,
    counted.rows_inserted,
    counted.rows_updated,
    accounting.rows_stale + counted.rows_stale as rows_stale,
    accounting.rows_duplicate + counted.rows_duplicate as rows_duplicate,
    accounting.rows_quarantined,
    case
        when
            accounting.rows_read
            = counted.rows_inserted
            + counted.rows_updated
            + accounting.rows_stale
            + counted.rows_stale
            + accounting.rows_duplicate
            + counted.rows_duplicate
            + accounting.rows_quarantined
            then true
    end as every_row_is_accounted_for,
    case
        when
            accounting.run_id = '$run'
            and accounting.fencing_token >= newest.fencing_token
            then true
    end as the_lease_is_still_held,
    getdate() as published_at
from goodreads_staging.accounting as accounting
cross join counted
cross join (
    select coalesce(max(fencing_token), 0) as fencing_token
    from goodreads_warehouse.ledger
) as newest
where
    accounting.dataset = '$table'
    and not exists (
        select 1
        from goodreads_warehouse.ledger as earlier
        where
            earlier.run_id = accounting.run_id
            and earlier.dataset = accounting.dataset
    )
