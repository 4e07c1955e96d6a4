-- The $top users with the most reviews in the window; ties go to the lower id.
insert into $schema.$table (
$columns
)
with measured as (
    select
        reviews.user_id,
        count(*) as review_count,
        count(nullif(reviews.review_rating, 0)) as rating_count,
        cast(avg(cast(nullif(reviews.review_rating, 0) as decimal(10, 4))) as decimal(5, 4)) as average_review_rating,
        count(distinct cast(reviews.record_create_timestamp as date)) as active_days
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
        and reviews.user_id is not null
    group by reviews.user_id
),

placed as (
    select
        measured.user_id,
        users.user_id is not null as is_known,
        measured.review_count,
        measured.rating_count,
        measured.average_review_rating,
        measured.active_days,
        row_number() over (
            order by
                measured.review_count desc,
                measured.user_id asc
        ) as place
    from measured
    left join goodreads_warehouse.users as users
        on measured.user_id = users.user_id
)

select
$columns
from placed
where place <= $top
