grant create on database $database to $user
