copy goodreads_staging.$table (
$columns
)
from '$location'
iam_role '$role'
format as parquet
