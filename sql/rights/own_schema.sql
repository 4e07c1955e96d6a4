alter schema $schema owner to $user
