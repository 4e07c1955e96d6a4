insert into $schema.review_window (window_start, window_end)
select
    cast('1970-01-01' as timestamp) as window_start,
    cast('1970-01-01' as timestamp) as window_end
where not exists (select 1 from $schema.review_window)
