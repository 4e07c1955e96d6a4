-- The row of a record in a ranking, and the last row of the ranking.
select ranked.*
from $schema.$table as ranked
where
    ranked.$key = cast(:id as bigint)
    or ranked.place = (select max(every_place.place) from $schema.$table as every_place)
order by ranked.place
