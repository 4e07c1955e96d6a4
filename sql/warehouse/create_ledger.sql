-- One row per run and dataset, written in the transaction that publishes the rows it counts.
-- The two flags are never false: a value that is not true is null, which the constraint refuses,
-- and the whole publish rolls back.
create table if not exists goodreads_warehouse.ledger (
    run_id varchar(128) not null,
    dataset varchar(32) not null,
    fencing_token bigint not null,
    rows_read bigint not null,
    rows_inserted bigint not null,
    rows_updated bigint not null,
    rows_stale bigint not null,
    rows_duplicate bigint not null,
    rows_quarantined bigint not null,
    every_row_is_accounted_for boolean not null,
    the_lease_is_still_held boolean not null,
    published_at timestamp not null
)
diststyle all
sortkey (published_at)
