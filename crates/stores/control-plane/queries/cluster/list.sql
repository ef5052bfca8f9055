SELECT name, url, writer_user, writer_password_sealed, reader_user, reader_password_sealed
FROM cluster
ORDER BY name
