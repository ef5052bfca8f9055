-- Adds what lies below the chains to counters of a bucket that is being rebuilt, once.
-- `operations.lua` stands before it.
--
-- KEYS[1]  the bucket's chain
-- KEYS[2]  set of the steps that were taken; the other keys are named by their position in KEYS
-- ARGV     token of the rebuild, name of the step ('' for one that may be repeated), how long the
--          set of steps is kept in seconds, then operations
--
-- Returns {1, poisoned keys}: added, {0, 0}: added before, {-1, 0}: the rebuild is over.

local chain = redis.call('HMGET', KEYS[1], 'rebuild', 'generation')
if chain[1] ~= ARGV[1] then return {-1, 0} end
if ARGV[2] ~= '' and redis.call('SISMEMBER', KEYS[2], ARGV[2]) == 1 then return {0, 0} end
enter(chain[2])

position = 3
operate()

if ARGV[2] ~= '' then
  redis.call('SADD', KEYS[2], ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return {1, poisoned}
