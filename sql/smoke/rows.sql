select
$columns
from $table
