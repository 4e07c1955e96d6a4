delete from $schema.$table
where $column = cast(:id as bigint)
