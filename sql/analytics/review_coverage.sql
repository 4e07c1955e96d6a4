-- Of the reviews of the window: how many name an author, a book and a user that the warehouse holds, and how many do not.
insert into $schema.$table (
$columns
)
with subjects as (
    select 'authors' as subject
    union all
    select 'books' as subject
    union all
    select 'users' as subject
),

referred as (
    select
        subjects.subject,
        case subjects.subject
            when 'authors' then reviews.author_id
            when 'books' then reviews.book_id
            else reviews.user_id
        end as subject_id,
        case subjects.subject
            when 'authors' then authors.author_id
            when 'books' then books.book_id
            else users.user_id
        end as known_id
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    cross join subjects
    left join goodreads_warehouse.authors as authors
        on reviews.author_id = authors.author_id
    left join goodreads_warehouse.books as books
        on reviews.book_id = books.book_id
    left join goodreads_warehouse.users as users
        on reviews.user_id = users.user_id
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
)

select
    subjects.subject,
    count(referred.subject) as review_count,
    count(referred.known_id) as known_review_count,
    count(case when referred.known_id is null then referred.subject_id end) as unknown_review_count,
    count(case when referred.subject_id is null then referred.subject end) as unnamed_review_count,
    count(distinct case when referred.known_id is null then referred.subject_id end) as unknown_subject_count
from subjects
left join referred
    on subjects.subject = referred.subject
group by subjects.subject
