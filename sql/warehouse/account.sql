-- Compares what is staged with what the warehouse holds and writes the run's line of the ledger.
-- A run that is in the ledger already was published by an earlier attempt: nothing to do. Staging that another
-- run has filled, or a newer holder of the lease, makes a flag null and the publish fail.
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
select
    accounting.run_id,
    accounting.dataset,
    accounting.fencing_token,
    accounting.rows_read,
    outcome.rows_inserted,
    outcome.rows_updated,
    accounting.rows_stale + outcome.rows_stale as rows_stale,
    accounting.rows_duplicate + outcome.rows_duplicate as rows_duplicate,
    accounting.rows_quarantined,
    case
        when
            accounting.rows_read
            = outcome.rows_inserted
            + outcome.rows_updated
            + accounting.rows_stale
            + outcome.rows_stale
            + accounting.rows_duplicate
            + outcome.rows_duplicate
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
cross join (
    select
        coalesce(sum(case when present.$key is null then 1 else 0 end), 0) as rows_inserted,
        coalesce(sum(
            case
                when
                    staged.record_create_timestamp > present.record_create_timestamp
                    or (
                        staged.record_create_timestamp = present.record_create_timestamp
                        and staged.record_hash > present.record_hash
                    )
                    then 1
                else 0
            end
        ), 0) as rows_updated,
        coalesce(sum(
            case
                when
                    staged.record_create_timestamp < present.record_create_timestamp
                    or (
                        staged.record_create_timestamp = present.record_create_timestamp
                        and staged.record_hash < present.record_hash
                    )
                    then 1
                else 0
            end
        ), 0) as rows_stale,
        coalesce(sum(
            case
                when
                    staged.record_create_timestamp = present.record_create_timestamp
                    and staged.record_hash = present.record_hash
                    then 1
                else 0
            end
        ), 0) as rows_duplicate
    from goodreads_staging.$table as staged
    left join goodreads_warehouse.$table as present
        on staged.$key = present.$key
) as outcome
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
