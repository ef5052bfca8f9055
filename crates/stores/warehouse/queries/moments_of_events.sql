-- What each key did, for funnels: the time of its events, the steps and the exclusions that they match as bits,
-- their ids, which order events of the same time, and of entries the value of a breakdown; what the funnel does
-- not need is an empty list. The lists of a key are in the same order. Events without a key are counted.
SELECT
    countIf(key = '') AS without_key,
    groupArrayIf(time, key != '') AS times,
    groupArrayIf(steps, key != '') AS steps_matched,
    {exclusion_list} AS exclusions_matched,
    {id_list} AS ids,
    {held_list} AS held_values,
    {value_list} AS values_of_entries
FROM
(
    SELECT
        {key} AS key,
        toUnixTimestamp64Milli(event_time) AS time,
        {steps} AS steps,
        {exclusions} AS exclusions,
        reinterpretAsUInt128(event_id) AS id,
        {held} AS held,
        if(bitTest(steps, 0), {value}, '') AS value
    FROM events
    WHERE client_id = {client_id:String}
        AND kline = 0
        AND event_time >= fromUnixTimestamp64Milli({from:Int64})
        AND event_time < fromUnixTimestamp64Milli({to:Int64})
        AND {condition}
        AND {wanted}
)
GROUP BY key
SETTINGS max_result_rows = 0
