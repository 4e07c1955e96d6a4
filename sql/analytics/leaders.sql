-- The first books and authors of the window by weighted rating, and the number of reviews that each rests on.
select
    'books' as subject,
    place,
    title as label,
    book_id as id,
    review_count,
    weighted_rating,
    average_review_rating
from $schema.popular_books_weighted_rating
where place <= 5
union all
select
    'authors' as subject,
    place,
    name as label,
    author_id as id,
    review_count,
    weighted_rating,
    average_review_rating
from $schema.popular_authors_weighted_rating
where place <= 5
order by subject, place
