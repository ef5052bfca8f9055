#!lua
-- Makes the hours of a rebuilt slot group whole, if every step of the rebuild is done.
--
-- KEYS[1]  the slot group's chain
-- KEYS[2]  set of the steps that are done
-- ARGV     token of the rebuild, then every step
--
-- Returns 1: whole now, 0: a step is missing because Redis lost it, -1: the rebuild is over.

local chain = redis.call('HMGET', KEYS[1], 'rebuild', 'rebuild_from')
if chain[1] ~= ARGV[1] then return -1 end
for i = 2, #ARGV do
  if redis.call('SISMEMBER', KEYS[2], ARGV[i]) == 0 then return 0 end
end
redis.call('HSET', KEYS[1], 'base_from', chain[2])
redis.call('HDEL', KEYS[1], 'rebuild', 'rebuild_from', 'rebuilder', 'rebuilder_until')
redis.call('DEL', KEYS[2])
return 1
