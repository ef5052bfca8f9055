-- The key of a tenant that is erased goes with its other rows; what stays is its offboarding.
SELECT asked.owner, data_key.sealed
FROM unnest($1::text[]) AS asked (owner)
LEFT JOIN data_key ON coalesce(data_key.client_id::text, '-') = asked.owner
WHERE data_key.sealed IS NOT NULL
   OR EXISTS (
       SELECT FROM offboarding
       WHERE offboarding.client_id = asked.owner AND offboarding.erasing_since IS NOT NULL
   )
