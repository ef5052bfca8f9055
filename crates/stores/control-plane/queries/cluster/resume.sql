UPDATE cluster SET drained_since = NULL WHERE name = $1 AND drained_since IS NOT NULL
