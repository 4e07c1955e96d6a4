-- The $top users with the most reviews in the window; ties go to the lower id.
-- Only their days are counted: to tell apart the days of each user would take most of the time.
insert into $schema.$table (
$columns
)
with counted as (
    select
        reviews.user_id,
        count(*) as review_count,
        count(nullif(reviews.review_rating, 0)) as rating_count,
        cast(avg(cast(nullif(reviews.review_rating, 0) as decimal(10, 4))) as decimal(5, 4)) as average_review_rating
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
        user_id,
        review_count,
        rating_count,
        average_review_rating,
        row_number() over (
            order by
                review_count desc,
                user_id asc
        ) as place
    from counted
),

active as (
    select
        placed.user_id,
        count(distinct cast(reviews.record_create_timestamp as date)) as active_days
    from placed
    inner join goodreads_warehouse.reviews as reviews
        on placed.user_id = reviews.user_id
    cross join $schema.review_window as covered
    where
        placed.place <= $top
        and reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
    group by placed.user_id
)

select
    placed.place,
    placed.user_id,
    users.user_id is not null as is_known,
    placed.review_count,
    placed.rating_count,
    placed.average_review_rating,
    active.active_days
from placed
inner join active
    on placed.user_id = active.user_id
left join goodreads_warehouse.users as users
    on placed.user_id = users.user_id
