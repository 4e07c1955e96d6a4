-- A review cannot be changed before it was written.
select reviews.review_id as violating_key
from goodreads_staging.reviews as reviews
where reviews.review_updated_date < reviews.review_added_date
