#!lua
-- Starts the chain of one partition in one slot group, unless the fence has moved meanwhile.
--
-- Counters that have lost events are never added to again: the slot group begins a new key
-- generation, and every partition starts its chain in it. A partition joins a key generation as
-- long as no rebuild of it has begun.
--
-- KEYS[1]  the slot group's chain
-- ARGV     log generation, partition, the fence seen ('' for none), the next offset, `whole from`
--          in Unix seconds, number of partitions, the layout, '1' when the platform has never
--          counted anything
--
-- Returns 1: started, 0: the fence is not the one seen, or the log generation is not the newest.

local own = ARGV[1] .. ':' .. ARGV[2] .. ':'
local chain = redis.call('HMGET', KEYS[1], own .. 'fence', 'layout', 'kgen', 'generation',
  'base_from', 'rebuild')
local generation, key_generation = tonumber(chain[3]), tonumber(chain[4])

if generation and generation > tonumber(ARGV[1]) then return 0 end
-- Under another layout, tenants were in other slot groups, or counters had another format.
local same_layout = chain[2] == ARGV[7]
local fence = same_layout and chain[1] or ''
if fence ~= ARGV[3] then return 0 end

local joins = same_layout and fence == '' and generation == tonumber(ARGV[1])
  and not chain[5] and not chain[6]
if not joins then
  local begun = '0'
  if ARGV[8] ~= '1' or redis.call('EXISTS', KEYS[1]) == 1 then
    -- A Redis that lost everything has no number to continue from, so the time is the number.
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    begun = string.format('%.0f', math.max(now, (key_generation or 0) + 1))
  end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'generation', begun, 'kgen', ARGV[1], 'layout', ARGV[7],
    'partitions', ARGV[6])
end

redis.call('HSET', KEYS[1], own .. 'fence', ARGV[4], own .. 'start', ARGV[4],
  own .. 'whole_from', ARGV[5])
return 1
