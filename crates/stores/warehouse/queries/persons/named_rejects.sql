-- Streamed, and read as fast as the client of an export takes them.
SELECT reject_id, received_at, original
FROM rejected_events FINAL
WHERE client_id = {client_id:String}
SETTINGS max_result_rows = 0, max_execution_time = 3600
