-- Leaves in staging only what is newer than the warehouse: late and repeated versions change nothing.
delete from goodreads_staging.$table
using goodreads_warehouse.$table as present
where
    goodreads_staging.$table.$key = present.$key
    and (
        goodreads_staging.$table.record_create_timestamp < present.record_create_timestamp
        or (
            goodreads_staging.$table.record_create_timestamp = present.record_create_timestamp
            and goodreads_staging.$table.record_hash <= present.record_hash
        )
    )
