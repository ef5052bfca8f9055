-- The rows of a tenant that have a word in any column.
SELECT count() FROM {database}.{from}
WHERE client_id = {client_id:String} AND position(formatRow('TSV', *), {word:String}) > 0
