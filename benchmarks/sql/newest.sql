copy (
    select $columns
    from $rows
    qualify row_number() over (partition by $key order by record_create_timestamp desc) = 1
) to $target (format parquet)
