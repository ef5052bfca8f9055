-- The databases that exist of those that may hold rows of a tenant.
SELECT name FROM system.databases WHERE name IN ('footfall_shared', {own:String})
