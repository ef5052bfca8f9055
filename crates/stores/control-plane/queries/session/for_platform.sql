SELECT set_config('footfall.platform', 'on', true)
