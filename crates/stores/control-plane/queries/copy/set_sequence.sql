SELECT setval(format('public.%I', $1)::regclass, $2)
