-- What the run has found in the landing zone.
create table goodreads_staging.landed (
    file_key varchar(1024) not null,
    etag varchar(64) not null
)
diststyle all
