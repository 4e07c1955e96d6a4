alter table $table owner to $user
