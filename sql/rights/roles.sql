select role_name from svv_roles
