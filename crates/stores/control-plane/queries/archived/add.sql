INSERT INTO archived
    (kgen, partition, first, last, records, bytes, sha256, logged_from, logged_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
