select count(*) from $rows
