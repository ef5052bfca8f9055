-- Adds what lies before the chains to the counters of a slot group that is being rebuilt, once.
-- `operations.lua` is prepended.
--
-- KEYS[1]  the slot group's chain
-- KEYS[2]  set of the steps that are done; the other keys are named by their position in KEYS
-- ARGV     token of the rebuild, name of the step ('' for one that may be repeated), seconds for
--          which the set of steps lives, then operations
--
-- Returns {1, poisoned keys}: added, {0, 0}: added before, {-1, 0}: the rebuild is over.

local chain = redis.call('HMGET', KEYS[1], 'rebuild', 'generation')
if chain[1] ~= ARGV[1] then return {-1, 0} end
if ARGV[2] ~= '' and redis.call('SISMEMBER', KEYS[2], ARGV[2]) == 1 then return {0, 0} end
use_key_generation(chain[2])

position = 3
operate()

if ARGV[2] ~= '' then
  redis.call('SADD', KEYS[2], ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return {1, poisoned}
