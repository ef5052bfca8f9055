-- The api removes expired files. Of jobs that began before this time: what others read is without the person.
UPDATE report_job SET expires_at = now()
WHERE client_id = $1 AND state = 'done' AND expires_at > now() AND started_at < $2
