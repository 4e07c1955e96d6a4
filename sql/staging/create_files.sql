create table goodreads_staging.files (
    run_id varchar(128) not null,
    dataset varchar(32),
    file_key varchar(1024) not null,
    etag varchar(64) not null,
    size_bytes bigint not null,
    rows_read bigint not null,
    rows_quarantined bigint not null,
    problem varchar(2048)
)
diststyle all
