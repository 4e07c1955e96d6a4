-- One row per landing file that a run has consumed, written in the transaction that publishes its rows.
-- A file without a dataset could not be used; `problem` says why, and it is in quarantine as a whole.
-- The flag is never false: see the ledger.
create table if not exists goodreads_warehouse.ledger_files (
    run_id varchar(128) not null,
    dataset varchar(32),
    file_key varchar(1024) not null,
    etag varchar(64) not null,
    size_bytes bigint not null,
    rows_read bigint not null,
    rows_quarantined bigint not null,
    problem varchar(2048),
    every_file_is_counted_once boolean not null,
    published_at timestamp not null
)
distkey (file_key)
sortkey (published_at)
