-- What each key did, for funnels: the time of an event, the steps and the exclusions that it matches as
-- bits, its id, which orders events of the same time, and of entries the value of a breakdown. Events without
-- a key are counted.
SELECT
    countIf(key = '') AS without_key,
    groupArrayIf((time, steps, exclusions, id, '', value), key != '') AS moments
FROM
(
    SELECT
        {key} AS key,
        toUnixTimestamp64Milli(event_time) AS time,
        {steps} AS steps,
        {exclusions} AS exclusions,
        reinterpretAsUInt128(event_id) AS id,
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
