revoke role $role from $user
