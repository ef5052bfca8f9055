-- Of each tenant, another one as soon as its list of erased persons is another one.
SELECT client_id, sealed, erasures FROM person_key WHERE erasures > 0
