-- Books that got $burst_reviews reviews or more on one day, $burst_factor times as many as on an average other day with reviews.
-- The day is the UTC day on which a review was added, or captured where that is unknown. Of several such days the one with
-- the most reviews is kept, then the earliest. Only its ratings are read: most days of most books are no bursts.
insert into $schema.$table (
$columns
)
with daily as (
    select
        reviews.book_id,
        cast(coalesce(reviews.review_added_date, reviews.record_create_timestamp) as date) as review_day,
        count(*) as review_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
        and reviews.book_id is not null
    group by reviews.book_id, cast(coalesce(reviews.review_added_date, reviews.record_create_timestamp) as date)
),

compared as (
    select
        book_id,
        cast(sum(review_count) as bigint) as review_count,
        count(*) as day_count,
        max(review_count) as burst_review_count
    from daily
    group by book_id
),

bursts as (
    select
        compared.book_id,
        compared.review_count,
        compared.day_count,
        compared.burst_review_count,
        min(daily.review_day) as burst_day
    from compared
    inner join daily
        on
            compared.book_id = daily.book_id
            and compared.burst_review_count = daily.review_count
    where
        compared.burst_review_count >= $burst_reviews
        and compared.burst_review_count * (compared.day_count - 1)
        >= $burst_factor * (compared.review_count - compared.burst_review_count)
    group by compared.book_id, compared.review_count, compared.day_count, compared.burst_review_count
),

rated as (
    select
        bursts.book_id,
        count(nullif(reviews.review_rating, 0)) as rating_count,
        cast(avg(cast(nullif(reviews.review_rating, 0) as decimal(10, 4))) as decimal(5, 4)) as average_rating
    from bursts
    inner join goodreads_warehouse.reviews as reviews
        on
            bursts.book_id = reviews.book_id
            and bursts.burst_day = cast(coalesce(reviews.review_added_date, reviews.record_create_timestamp) as date)
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
    group by bursts.book_id
)

select
    bursts.book_id,
    books.title,
    bursts.burst_day,
    bursts.burst_review_count,
    rated.rating_count as burst_rating_count,
    rated.average_rating as burst_average_rating,
    cast(
        cast(bursts.review_count - bursts.burst_review_count as double precision)
        / nullif(bursts.day_count - 1, 0) + 0.000000001 as decimal(18, 4)
    ) as usual_review_count,
    bursts.review_count
from bursts
inner join rated
    on bursts.book_id = rated.book_id
left join goodreads_warehouse.books as books
    on bursts.book_id = books.book_id
