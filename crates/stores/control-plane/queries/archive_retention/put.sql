-- Nothing of a tenant that is erased meanwhile.
INSERT INTO archive_retention (client_id, erased_until)
SELECT client_id, $2 FROM tenant WHERE client_id = $1
ON CONFLICT (client_id) DO UPDATE
    SET erased_until = greatest(archive_retention.erased_until, excluded.erased_until)
