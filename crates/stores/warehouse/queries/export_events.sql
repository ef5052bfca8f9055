-- The events of a range as they are stored, one row for each item of an event, in no order: sorting would
-- hold them all. Sales are those of the whole event, on its first line.
SELECT
    {columns}
FROM events
WHERE client_id = {client_id:String}
    AND event_time >= fromUnixTimestamp64Milli({from:Int64})
    AND event_time < fromUnixTimestamp64Milli({to:Int64})
    AND {condition}
SETTINGS
    max_result_rows = 0,
    max_execution_time = 3600,
    output_format_json_quote_decimals = 1,
    output_format_json_quote_64bit_integers = 0,
    date_time_output_format = 'iso',
    -- What is not known is an empty field.
    format_csv_null_representation = '',
    -- A condition tests what was sent, not the text that CSV guards under the same name.
    prefer_column_name_to_alias = 1,
    -- Not every reader of Arrow can decompress.
    output_format_arrow_compression_method = 'none'
