-- The $top of $subject with the greatest $measure over the window; ties go to more reviews, then to the lower id.
-- weighted_rating = (sum of the ratings + $prior_weight * prior_rating) / (number of ratings + $prior_weight). The prior_rating is
-- the average of all ratings of the window. This is IMDb's formula: v / (v + m) * R + m / (v + m) * C.
-- wilson_score is the lower bound of the Wilson interval (95 %, z = 1.96) for the share of ratings of four stars or more.
-- The small number that is added before a cast makes every engine round a half up.
insert into $schema.$table (
$columns
)
with counted as (
    select
        reviews.$reference as subject_id,
        count(*) as review_count,
        count(nullif(reviews.review_rating, 0)) as rating_count,
        cast(sum(reviews.review_rating) as double precision) as rating_sum,
        cast(count(case when reviews.review_rating >= 4 then 1 end) as double precision) as positive_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
        and reviews.$reference is not null
    group by reviews.$reference
),

shared as (
    select
        subject_id,
        review_count,
        rating_count,
        rating_sum,
        cast(rating_count as double precision) as ratings,
        positive_count / rating_count as positive_share,
        sum(rating_sum) over () / sum(rating_count) over () as prior_rating
    from counted
    where rating_count > 0
),

measured as (
    select
        subject_id,
        review_count,
        rating_count,
        cast(rating_sum / ratings + 0.000000001 as decimal(5, 4)) as average_review_rating,
        cast(prior_rating + 0.000000001 as decimal(5, 4)) as prior_rating,
        cast(
            (rating_sum + $prior_weight * prior_rating) / (ratings + $prior_weight) + 0.000000001 as decimal(5, 4)
        ) as weighted_rating,
        cast(positive_share + 0.000000001 as decimal(5, 4)) as positive_share,
        cast(
            (
                positive_share + 1.9208 / ratings
                - 1.96 * sqrt(positive_share * (1 - positive_share) / ratings + 0.9604 / (ratings * ratings))
            ) / (1 + 3.8416 / ratings) + 0.000000001 as decimal(5, 4)
        ) as wilson_score
    from shared
),

placed as (
    select
        measured.subject_id as $key,
        subject.$label,
        subject.$key is not null as is_known,
        measured.review_count,
        measured.rating_count,
        measured.average_review_rating,
        measured.prior_rating,
        measured.weighted_rating,
        measured.positive_share,
        measured.wilson_score,
        row_number() over (
            order by
                measured.$measure desc,
                measured.review_count desc,
                measured.subject_id asc
        ) as place
    from measured
    left join goodreads_warehouse.$subject as subject
        on measured.subject_id = subject.$key
)

select
$columns
from placed
where place <= $top
