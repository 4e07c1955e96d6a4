copy goodreads_staging.landed (
    file_key,
    etag
)
from '$location'
iam_role '$role'
format as csv
