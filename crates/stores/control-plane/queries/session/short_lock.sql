-- A statement that waits for a lock on a table makes all later ones wait behind it.
SELECT set_config('lock_timeout', '2s', true)
