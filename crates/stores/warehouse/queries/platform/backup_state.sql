-- How far a backup or a restore is, which the server does in the background.
SELECT toString(status) AS state, error, total_size
FROM system.backups
WHERE id = {id:String}
