-- The one row that says which reviews the analytics tables cover: window_start <= captured < window_end.
create table if not exists $schema.review_window (
    window_start timestamp not null,
    window_end timestamp not null
)
diststyle all
