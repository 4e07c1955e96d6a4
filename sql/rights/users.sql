select user_name from svv_user_info
