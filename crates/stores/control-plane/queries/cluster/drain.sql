UPDATE cluster SET drained_since = now() WHERE name = $1 AND drained_since IS NULL
