-- They sum `quantity`, whose type changes next. What follows them has other names, so that running
-- this file again never drops it.
ALTER TABLE events
    DROP PROJECTION IF EXISTS by_campaign,
    DROP PROJECTION IF EXISTS by_product,
    DROP PROJECTION IF EXISTS by_source
