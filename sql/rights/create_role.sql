create role $role
