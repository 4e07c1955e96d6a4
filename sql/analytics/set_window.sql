update $schema.review_window
set
    window_start = cast(:window_start as timestamp),
    window_end = cast(:window_end as timestamp)
