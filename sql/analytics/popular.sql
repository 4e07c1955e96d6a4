-- The $top of $subject with the greatest $measure over the window; ties go to more reviews, then to the lower id.
-- A rating of 0 is Goodreads' way of saying "not rated": it counts as a review, not as a rating.
insert into $schema.$table (
$columns
)
with measured as (
    select
        reviews.$reference as subject_id,
        count(*) as review_count,
        cast(avg(cast(nullif(reviews.review_rating, 0) as decimal(10, 4))) as decimal(5, 4)) as average_review_rating
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
    group by reviews.$reference
),

placed as (
    select
        subject.*,
        measured.review_count,
        measured.average_review_rating,
        row_number() over (
            order by
                measured.$measure desc,
                measured.review_count desc,
                subject.$key asc
        ) as place
    from measured
    inner join goodreads_warehouse.$subject as subject
        on measured.subject_id = subject.$key
    where measured.$measure is not null
)

select
$columns
from placed
where place <= $top
