grant role $role to $user
