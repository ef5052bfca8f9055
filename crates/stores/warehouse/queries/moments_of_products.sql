-- The same as moments_of_events, if products are tested or held: an event with several lines is one event,
-- or one for each product that is held.
SELECT
    uniqExactIf(id, key = '') AS without_key,
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
        groupBitOr({steps}) AS steps,
        groupBitOr({exclusions}) AS exclusions,
        reinterpretAsUInt128(event_id) AS id,
        {held} AS held,
        any({value}) AS value
    FROM events
    WHERE client_id = {client_id:String}
        AND event_time >= fromUnixTimestamp64Milli({from:Int64})
        AND event_time < fromUnixTimestamp64Milli({to:Int64})
        AND {condition}
        AND {wanted}
    GROUP BY key, time, id, kgen, kpart, koff, held
)
GROUP BY key
SETTINGS max_result_rows = 0
