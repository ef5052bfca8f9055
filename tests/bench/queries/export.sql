-- The rows and columns of the api's export, with the same settings.
SELECT * EXCEPT (client_id, kgen, kpart, koff)
FROM events
WHERE client_id = {client_id:String}
    AND event_time >= fromUnixTimestamp64Milli({from:Int64})
    AND event_time < fromUnixTimestamp64Milli({to:Int64})
SETTINGS
    max_result_rows = 0,
    max_execution_time = 3600,
    output_format_json_quote_decimals = 1,
    output_format_json_quote_64bit_integers = 0,
    date_time_output_format = 'iso'
