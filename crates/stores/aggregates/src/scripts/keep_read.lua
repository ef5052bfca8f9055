#!lua
-- Keeps what was read from ClickHouse under a version of the tenant's data.
--
-- Answers of one version only are kept: those of an older one are dropped, and what was read under an older
-- one is not kept any more. All of them expire together, some time after the first.
--
-- KEYS[1]  hash: the version, the bytes of all values, and the values by their fingerprints
-- ARGV     version, fingerprint, value, the most bytes of all values, for how many seconds
--
-- Returns 1: kept, 0: it is of an older version, known already, or there is no room.

local version = redis.call('HGET', KEYS[1], 'version')
if version and tonumber(version) > tonumber(ARGV[1]) then return 0 end
if version ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'version', ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end

local bytes = tonumber(redis.call('HGET', KEYS[1], 'bytes') or '0') + #ARGV[3]
if bytes > tonumber(ARGV[4]) then return 0 end
if redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[3]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'bytes', string.format('%.0f', bytes))
return 1
