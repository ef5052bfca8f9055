UPDATE cluster SET reader_password_sealed = $2 WHERE name::text = $1
