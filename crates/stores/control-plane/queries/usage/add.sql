-- A tenant that is gone is left out. In one order, so that two processes never wait for each other.
INSERT INTO usage_count AS known (client_id, day, reports, stream_milliseconds)
SELECT counted.client_id, ($4::timestamptz AT TIME ZONE tenant.time_zone)::date, counted.reports,
    counted.stream_milliseconds
FROM unnest($1::text[], $2::bigint[], $3::bigint[])
    AS counted (client_id, reports, stream_milliseconds)
JOIN tenant ON tenant.client_id = counted.client_id
ORDER BY counted.client_id
ON CONFLICT (client_id, day) DO UPDATE
    SET reports = known.reports + excluded.reports,
        stream_milliseconds = known.stream_milliseconds + excluded.stream_milliseconds
