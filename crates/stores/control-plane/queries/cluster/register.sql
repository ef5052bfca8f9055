INSERT INTO cluster
    (name, url, writer_user, writer_password_sealed, reader_user, reader_password_sealed)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE
    SET url = excluded.url,
        writer_user = excluded.writer_user,
        writer_password_sealed = excluded.writer_password_sealed,
        reader_user = excluded.reader_user,
        reader_password_sealed = excluded.reader_password_sealed
