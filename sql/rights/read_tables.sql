-- Those that are there and those that will be: a table that is dropped and made anew can be read, too.
grant select for tables in schema $schema to role $role
