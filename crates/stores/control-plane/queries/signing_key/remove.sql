-- One remains: a process that finds none makes one, which the others do not know.
DELETE FROM signing_key WHERE kid = $1 AND EXISTS (SELECT FROM signing_key WHERE kid <> $1)
