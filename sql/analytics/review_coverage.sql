-- Of the reviews of the window: how many name an author, a book and a user that the warehouse holds, and how many do not.
insert into $schema.$table (
$columns
)
with covered_reviews as (
    select
        reviews.author_id,
        reviews.book_id,
        reviews.user_id
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
)

select
    'authors' as subject,
    count(*) as review_count,
    count(authors.author_id) as known_review_count,
    count(case when authors.author_id is null then reviews.author_id end) as unknown_review_count,
    count(case when reviews.author_id is null then 1 end) as unnamed_review_count,
    count(distinct case when authors.author_id is null then reviews.author_id end) as unknown_subject_count
from covered_reviews as reviews
left join goodreads_warehouse.authors as authors
    on reviews.author_id = authors.author_id
union all
select
    'books' as subject,
    count(*) as review_count,
    count(books.book_id) as known_review_count,
    count(case when books.book_id is null then reviews.book_id end) as unknown_review_count,
    count(case when reviews.book_id is null then 1 end) as unnamed_review_count,
    count(distinct case when books.book_id is null then reviews.book_id end) as unknown_subject_count
from covered_reviews as reviews
left join goodreads_warehouse.books as books
    on reviews.book_id = books.book_id
union all
select
    'users' as subject,
    count(*) as review_count,
    count(users.user_id) as known_review_count,
    count(case when users.user_id is null then reviews.user_id end) as unknown_review_count,
    count(case when reviews.user_id is null then 1 end) as unnamed_review_count,
    count(distinct case when users.user_id is null then reviews.user_id end) as unknown_subject_count
from covered_reviews as reviews
left join goodreads_warehouse.users as users
    on reviews.user_id = users.user_id
