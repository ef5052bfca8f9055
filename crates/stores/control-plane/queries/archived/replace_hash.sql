-- Only while the row is as it was read.
UPDATE archived SET sha256 = $5, bytes = $6
WHERE kgen = $1 AND partition = $2 AND first = $3 AND sha256 = $4
