-- The window that the analytics tables cover.
select
    window_start,
    window_end
from $schema.review_window
