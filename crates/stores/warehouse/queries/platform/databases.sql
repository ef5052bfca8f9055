-- The databases that Footfall has on a server.
SELECT name FROM system.databases
WHERE name = 'footfall_shared' OR startsWith(name, 'tenant_')
ORDER BY name
