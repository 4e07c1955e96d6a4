create user $user password disable
