create table if not exists goodreads_analytics.$table (
    place integer not null,
$columns,
    review_count bigint not null,
    average_review_rating decimal(5, 4)
)
diststyle all
sortkey (place)
