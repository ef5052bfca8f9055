-- Until the connection ends, row-level security shows the rows of all tenants.
SELECT set_config('footfall.platform', 'on', false)
