-- The later copy counts, whichever backup ends last.
INSERT INTO backup AS known (store, name, copied_at)
VALUES ($1, $2, $3)
ON CONFLICT (store) DO UPDATE SET name = excluded.name, copied_at = excluded.copied_at
WHERE known.copied_at < excluded.copied_at
