create table goodreads_staging.accounting (
    run_id varchar(128) not null,
    dataset varchar(32) not null,
    fencing_token bigint not null,
    rows_read bigint not null,
    rows_staged bigint not null,
    rows_stale bigint not null,
    rows_duplicate bigint not null,
    rows_quarantined bigint not null
)
diststyle all
