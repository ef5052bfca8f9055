#!lua
-- Starts the chain of one partition in one bucket, unless somebody moved the fence meanwhile.
--
-- KEYS[1]  the bucket's chain
-- ARGV     chain fields of the fence and of `whole from`, the fence seen ('' for none), the next
--          offset, `whole from` in Unix seconds, number of partitions, number of buckets
--
-- Returns 1: started, 0: the fence is another one than was seen.

local chain = redis.call('HMGET', KEYS[1], ARGV[1], ARGV[2], 'buckets')
local fence, whole_from = chain[1] or '', tonumber(chain[3] and chain[2] or ARGV[5])

-- With another number of buckets, tenants were in other buckets: nothing here is whole.
local moved = chain[3] and chain[3] ~= ARGV[7]
if moved then fence, whole_from = '', tonumber(ARGV[5]) end

if fence ~= ARGV[3] then return 0 end
if moved then redis.call('DEL', KEYS[1]) end

whole_from = math.max(whole_from or 0, tonumber(ARGV[5]))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4], ARGV[2], string.format('%.0f', whole_from),
  'partitions', ARGV[6], 'buckets', ARGV[7])
return 1
