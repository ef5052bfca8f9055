-- `true`: until the end of the transaction, so that no setting remains on a pooled connection.
SELECT set_config('footfall.client_id', $1, true), set_config('footfall.platform', 'off', true)
