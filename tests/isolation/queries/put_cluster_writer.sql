UPDATE cluster SET writer_password_sealed = $2 WHERE name::text = $1
