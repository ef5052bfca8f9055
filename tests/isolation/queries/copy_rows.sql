INSERT INTO {database}.{to}
SELECT * FROM {database}.{from}
WHERE client_id = {client_id:String} AND position(formatRow('TSV', *), {word:String}) > 0
