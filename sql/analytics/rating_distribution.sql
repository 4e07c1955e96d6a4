-- How many reviews of the window gave how many stars: a row for each number of stars, also without reviews. 0 stars: not rated.
-- A part of a star is rounded to the nearest whole one, but a rating is never rounded to 0.
insert into $schema.$table (
$columns
)
with scale as (
    select 0 as stars
    union all
    select 1 as stars
    union all
    select 2 as stars
    union all
    select 3 as stars
    union all
    select 4 as stars
    union all
    select 5 as stars
),

rounded as (
    select
        case
            when coalesce(reviews.review_rating, 0) = 0 then 0
            when reviews.review_rating < 1.5 then 1
            when reviews.review_rating < 2.5 then 2
            when reviews.review_rating < 3.5 then 3
            when reviews.review_rating < 4.5 then 4
            else 5
        end as stars
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
),

counted as (
    select
        stars,
        count(*) as review_count
    from rounded
    group by stars
)

select
    scale.stars,
    coalesce(counted.review_count, 0) as review_count,
    cast(
        cast(counted.review_count as double precision) / sum(counted.review_count) over () + 0.000000001 as decimal(5, 4)
    ) as share
from scale
left join counted
    on scale.stars = counted.stars
