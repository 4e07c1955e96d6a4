drop table if exists $schema.$table
