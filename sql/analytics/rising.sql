-- The $top of $subject whose reviews have grown most: this window against the three windows of the same length before it.
-- growth = (reviews of the window + 1) / (reviews of an average earlier window + 1). The 1 makes a subject without earlier
-- reviews comparable. Only earlier windows that hold any review count as windows: before the first delivery there was nothing to
-- count. Without such a window nothing has risen.
insert into $schema.$table (
$columns
)
with dated as (
    select
        reviews.$reference as subject_id,
        datediff(microsecond, reviews.record_create_timestamp, covered.window_start) as before_start,
        datediff(microsecond, covered.window_start, covered.window_end) as window_length
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where reviews.record_create_timestamp < covered.window_end
),

counted as (
    select
        subject_id,
        count(case when before_start <= 0 then 1 end) as review_count,
        count(case when before_start > 0 then 1 end) as earlier_review_count,
        max(case when before_start > 0 and before_start <= window_length then 1 else 0 end) as has_first,
        max(case when before_start > window_length and before_start <= 2 * window_length then 1 else 0 end) as has_second,
        max(case when before_start > 2 * window_length then 1 else 0 end) as has_third
    from dated
    where before_start <= 3 * window_length
    group by subject_id
),

compared as (
    select
        subject_id,
        review_count,
        earlier_review_count,
        max(has_first) over () + max(has_second) over () + max(has_third) over () as windows_compared
    from counted
),

measured as (
    select
        subject_id,
        review_count,
        windows_compared,
        cast(
            cast(earlier_review_count as double precision) / windows_compared + 0.000000001 as decimal(18, 4)
        ) as earlier_review_average,
        cast(
            (review_count + 1) / (cast(earlier_review_count as double precision) / windows_compared + 1)
            + 0.000000001 as decimal(18, 4)
        ) as growth
    from compared
    where
        windows_compared > 0
        and review_count >= $minimum
        and subject_id is not null
),

placed as (
    select
        measured.subject_id as $key,
        subject.$label,
        subject.$key is not null as is_known,
        measured.review_count,
        measured.windows_compared,
        measured.earlier_review_average,
        measured.growth,
        row_number() over (
            order by
                measured.growth desc,
                measured.review_count desc,
                measured.subject_id asc
        ) as place
    from measured
    left join goodreads_warehouse.$subject as subject
        on measured.subject_id = subject.$key
    where measured.growth > 1
)

select
$columns
from placed
where place <= $top
