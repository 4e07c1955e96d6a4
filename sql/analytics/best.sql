-- The authors or books that are both among the most reviewed and among the best rated.
insert into $schema.$table (
$columns
)
select
    row_number() over (
        order by
            rated.average_review_rating desc,
            rated.review_count desc,
            rated.$key asc
    ) as place,
$rated_columns,
    rated.review_count,
    rated.average_review_rating
from $schema.$by_rating as rated
inner join $schema.$by_count as counted
    on rated.$key = counted.$key
