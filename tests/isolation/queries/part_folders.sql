-- Where the parts of a tenant's tables are. Replaced parts are none of them: they age out.
SELECT path FROM system.parts WHERE active AND database IN ('footfall_shared', {own:String})
