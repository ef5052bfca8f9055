-- The visitors or customers who belong to a cohort: those with so many events that meet its conditions. It is a
-- statement, and a part of conditions of others. The words in braces are replaced by expressions over columns and
-- bound parameters.
SELECT {key}
FROM events
WHERE client_id = {client_id:String}
    AND {key} != ''
    AND event_time >= toDateTime({from}, 'UTC')
    AND event_time < toDateTime({to}, 'UTC')
    AND {condition}
GROUP BY {key}
HAVING {events} >= {least}
