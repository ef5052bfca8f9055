-- Every row of the place so far: the tenant may come back to it.
UPDATE placement SET
    emptied_at = CASE WHEN isolation = $2 AND cluster = $3 THEN now() ELSE emptied_at END,
    mirror_emptied_at =
        CASE WHEN mirror_isolation = $2 AND mirror_cluster = $3 THEN now() ELSE mirror_emptied_at END
WHERE client_id = $1
  AND (isolation = $2 AND cluster = $3 OR mirror_isolation = $2 AND mirror_cluster = $3)
