-- Rows that only one of the two has: those of tied keys, and the others.
with differing as (
    (select key, digest from reference except all select key, digest from contestant)
    union all
    (select key, digest from contestant except all select key, digest from reference)
)

select
    count(*) filter (where tied) as tied_rows,
    count(*) filter (where not tied) as wrong_rows
from (
    select differing.key in (select ties.key from read_parquet($ties) as ties) as tied
    from differing
)
