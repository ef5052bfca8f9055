-- Until the end of the transaction: a large table takes longer than any other statement may, and its file as well.
SELECT set_config('footfall.platform', 'on', true), set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true)
