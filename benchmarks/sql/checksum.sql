select
    count(*) as row_count,
    cast(coalesce(sum(cast(digest as hugeint)), 0) as varchar) as checksum
from $table
