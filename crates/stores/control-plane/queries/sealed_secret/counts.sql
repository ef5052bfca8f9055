-- The second to the ninth byte of a sealed secret name its key encryption key.
SELECT secrets, substring(sealed FROM 2 FOR 8) AS key_id, count(*)
FROM (
    SELECT 'cluster.writer_password_sealed' AS secrets, writer_password_sealed AS sealed FROM cluster
    UNION ALL SELECT 'cluster.reader_password_sealed' AS secrets, reader_password_sealed AS sealed FROM cluster
    UNION ALL SELECT 'signing_key.pkcs8_sealed' AS secrets, pkcs8_sealed AS sealed FROM signing_key
    UNION ALL SELECT 'second_factor.secret_sealed' AS secrets, secret_sealed AS sealed FROM second_factor
    UNION ALL SELECT 'person_key.sealed' AS secrets, sealed AS sealed FROM person_key
    UNION ALL SELECT 'data_key.sealed' AS secrets, sealed AS sealed FROM data_key
) AS every_secret
GROUP BY secrets, key_id
ORDER BY secrets, key_id
