-- Applies one batch of the log to one slot group, once. `operations.lua` is prepended.
--
-- KEYS[1]  the slot group's chain; the other keys are named by their position in KEYS
-- ARGV     chain field of the fence, first offset, last offset, log time in ms, the
--          layout, then n and (chain field, offset)*: where fences are known to have been,
--          then operations, of which this script has one more:
--            feed  key length seconds n (campaign start hash quarter)*  stream
--
-- Returns {1, poisoned keys}: applied, {0, fence}: applied before, {-1, fence or -1}: chain broken.

local chain = redis.call('HMGET', KEYS[1], ARGV[1], 'layout', 'generation')
if not chain[1] or chain[2] ~= ARGV[5] then return {-1, -1} end
local fence = tonumber(chain[1])
if tonumber(ARGV[3]) < fence then return {0, fence} end
if tonumber(ARGV[2]) ~= fence then return {-1, fence} end
use_key_generation(chain[3])

position = 5
local known = {}
for _ = 1, tonumber(take()) do
  local field, offset = take(), tonumber(take())
  known[field] = offset
end

-- Whether Redis restarted with an older file, so that the log is being read again. Until every
-- fence is where it has been, clients have received higher numbers than the counters hold.
local function is_behind()
  for field, offset in pairs(known) do
    local current = tonumber(ARGV[3]) + 1
    if field ~= ARGV[1] then current = tonumber(redis.call('HGET', KEYS[1], field) or offset) end
    if current < offset then return true end
  end
  return false
end

-- The hour from which on hours are whole; quarter hours before it are only named in the feed.
local whole_from
local function find_whole_from()
  if is_behind() then return math.huge end
  local fields, chains, newest = redis.call('HGETALL', KEYS[1]), {}, 0
  local partitions, base_from, from = 0, nil, 0
  for i = 1, #fields, 2 do
    local generation = tonumber(string.match(fields[i], '^(%d+):%d+:whole_from$'))
    if generation then
      chains[generation] = (chains[generation] or 0) + 1
      newest = math.max(newest, generation)
      from = math.max(from, tonumber(fields[i + 1]))
    elseif fields[i] == 'partitions' then
      partitions = tonumber(fields[i + 1])
    elseif fields[i] == 'base_from' then
      base_from = tonumber(fields[i + 1])
    end
  end
  if (chains[newest] or 0) < partitions then return math.huge end
  return base_from or from
end
local function is_whole(start)
  whole_from = whole_from or find_whole_from()
  return start >= whole_from
end

-- Returns the quarters of an hour as text: `impressions 61 spend:EUR 12500000`.
local hours = {}
local function quarters_of(key)
  if not hours[key] then
    local quarters = {}
    local fields = redis.pcall('HGETALL', key)
    if not failed(fields) then
      for i = 1, #fields, 2 do
        local name, quarter = string.match(fields[i], '^(.+):(%d)$')
        if name then
          local text = quarters[quarter]
          quarters[quarter] = (text and text .. ' ' or '') .. name .. ' ' .. fields[i + 1]
        end
      end
    end
    hours[key] = quarters
  end
  return hours[key]
end

function operations.feed()
  local key, length, seconds = take_key(), take(), take()
  local entry = {key, 'MAXLEN', '~', length, '*', 'at', ARGV[4]}
  for _ = 1, tonumber(take()) do
    local campaign, start, hour, quarter = take(), take(), take_counters(), take()
    entry[#entry + 1] = campaign .. ':' .. start
    entry[#entry + 1] = is_whole(tonumber(start)) and quarters_of(hour)[quarter] or ''
  end
  if failed(redis.pcall('XADD', unpack(entry))) then
    redis.call('DEL', key)
    redis.call('XADD', unpack(entry))
    poisoned = poisoned + 1
  end
  redis.call('EXPIRE', key, seconds)
end

operate()

redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', tonumber(ARGV[3]) + 1))
return {1, poisoned}
