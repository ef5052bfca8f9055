-- Answered from the projection by_campaign; no row when there is no event.
SELECT max(event_time)
FROM events
WHERE client_id = {client_id:String}
GROUP BY client_id
