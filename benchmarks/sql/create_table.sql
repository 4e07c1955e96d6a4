create table if not exists $table ($definitions)
