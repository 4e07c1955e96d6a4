delete from $schema.$table
