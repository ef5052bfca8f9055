-- Every row of some persons, as it is stored. No range of time: all of it is theirs.
SELECT
    'event' AS record,
    {columns}
FROM events
WHERE client_id = {client_id:String}
    AND (
        has({visitors:Array(String)}, visitor_id)
        OR has({customers:Array(String)}, customer_id)
    )
SETTINGS
    max_result_rows = 0,
    max_execution_time = 3600,
    output_format_json_quote_decimals = 1,
    output_format_json_quote_64bit_integers = 0,
    date_time_output_format = 'iso',
    prefer_column_name_to_alias = 1
