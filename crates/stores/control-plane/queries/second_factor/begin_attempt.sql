-- Counts an attempt as failed until it succeeds, so attempts at once count too. After five, each further one
-- doubles the time until the next, as for passwords. Returns until when none is admitted, if it is not counted.
WITH counted AS (
    UPDATE second_factor
    SET failures = least(failures, 1000) + 1,
        locked_until = CASE
            WHEN failures >= 4
            THEN $2 + least(interval '12 seconds' * 2 ^ least(failures - 4, 10), interval '15 minutes')
        END
    WHERE user_id = $1 AND (locked_until IS NULL OR locked_until <= $2)
    RETURNING user_id
)
SELECT greatest(locked_until, $2 + interval '1 second')
FROM second_factor
WHERE user_id = $1 AND NOT EXISTS (SELECT FROM counted)
