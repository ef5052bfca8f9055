SELECT name, url, writer_user, writer_password_sealed, reader_user, reader_password_sealed, registered_at,
    drained_since
FROM cluster
ORDER BY name
