-- Of the reviews of the window: how many name an author, a book and a user that the warehouse holds, and how many do not.
-- The reviews of a subject are counted first: what is joined then is a row a subject, not a row a review.
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
),

named as (
    select
        cast('authors' as varchar(16)) as subject,
        counted.author_id as subject_id,
        authors.author_id as known_id,
        counted.review_count
    from (
        select
            author_id,
            count(*) as review_count
        from covered_reviews
        group by author_id
    ) as counted
    left join goodreads_warehouse.authors as authors
        on counted.author_id = authors.author_id
    union all
    select
        cast('books' as varchar(16)) as subject,
        counted.book_id as subject_id,
        books.book_id as known_id,
        counted.review_count
    from (
        select
            book_id,
            count(*) as review_count
        from covered_reviews
        group by book_id
    ) as counted
    left join goodreads_warehouse.books as books
        on counted.book_id = books.book_id
    union all
    select
        cast('users' as varchar(16)) as subject,
        counted.user_id as subject_id,
        users.user_id as known_id,
        counted.review_count
    from (
        select
            user_id,
            count(*) as review_count
        from covered_reviews
        group by user_id
    ) as counted
    left join goodreads_warehouse.users as users
        on counted.user_id = users.user_id
),

subjects as (
    select cast('authors' as varchar(16)) as subject
    union all
    select cast('books' as varchar(16)) as subject
    union all
    select cast('users' as varchar(16)) as subject
)

select
    subjects.subject,
    cast(coalesce(sum(named.review_count), 0) as bigint) as review_count,
    cast(coalesce(sum(case when named.known_id is not null then named.review_count end), 0) as bigint) as known_review_count,
    cast(
        coalesce(sum(case when named.subject_id is not null and named.known_id is null then named.review_count end), 0) as bigint
    ) as unknown_review_count,
    cast(coalesce(sum(case when named.subject_id is null then named.review_count end), 0) as bigint) as unnamed_review_count,
    count(case when named.known_id is null then named.subject_id end) as unknown_subject_count
from subjects
left join named
    on subjects.subject = named.subject
group by subjects.subject
