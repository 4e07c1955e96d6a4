select
    version,
    digest,
    definition
from goodreads_warehouse.catalog_versions
order by version
