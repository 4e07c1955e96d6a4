-- Books that got $burst_reviews reviews or more on one day, $burst_factor times as many as on an average other day with reviews.
-- The day is the UTC day on which a review was added, or captured where that is unknown. Of several such days the one with
-- the most reviews is kept, then the earliest.
insert into $schema.$table (
$columns
)
with daily as (
    select
        reviews.book_id,
        cast(coalesce(reviews.review_added_date, reviews.record_create_timestamp) as date) as burst_day,
        count(*) as burst_review_count,
        count(nullif(reviews.review_rating, 0)) as burst_rating_count,
        cast(avg(cast(nullif(reviews.review_rating, 0) as decimal(10, 4))) as decimal(5, 4)) as burst_average_rating
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
        burst_day,
        burst_review_count,
        burst_rating_count,
        burst_average_rating,
        cast(sum(burst_review_count) over (partition by book_id) as bigint) as review_count,
        count(*) over (partition by book_id) as day_count,
        row_number() over (
            partition by book_id
            order by
                burst_review_count desc,
                burst_day asc
        ) as burst_rank
    from daily
)

select
    compared.book_id,
    books.title,
    compared.burst_day,
    compared.burst_review_count,
    compared.burst_rating_count,
    compared.burst_average_rating,
    cast(
        cast(compared.review_count - compared.burst_review_count as double precision)
        / nullif(compared.day_count - 1, 0) + 0.000000001 as decimal(18, 4)
    ) as usual_review_count,
    compared.review_count
from compared
left join goodreads_warehouse.books as books
    on compared.book_id = books.book_id
where
    compared.burst_rank = 1
    and compared.burst_review_count >= $burst_reviews
    and compared.burst_review_count * (compared.day_count - 1)
    >= $burst_factor * (compared.review_count - compared.burst_review_count)
