select user_name
from svv_user_grants
where role_name = '$role'
order by 1
