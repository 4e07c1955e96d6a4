-- Every user may make tables in this schema by default.
revoke create on schema public from public
