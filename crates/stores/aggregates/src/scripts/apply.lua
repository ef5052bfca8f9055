#!lua
-- Applies one batch of the log to one bucket, once.
--
-- KEYS[1]  the bucket's chain; the other keys are named by their position in KEYS
-- ARGV     chain field of the fence, first offset, last offset, log time in ms, number of
--          buckets, then operations:
--            count key expire n (field by)*      hash of counters
--            visit key expire n member*          HyperLogLog
--            rank  key expire keep n (member by)*  sorted set, cut to the highest `keep`
--            feed  key length seconds n (campaign start hash quarter)*  stream
--
-- Returns {1, poisoned keys}: applied, {0, fence}: applied before, {-1, fence or -1}: chain broken.
--
-- A script that fails half-way keeps what it wrote. So the checks come first, and a key that
-- refuses (an overflow, a wrong type) is poisoned alone: it becomes the text `broken`, which
-- every later operation and every reader refuses.

local chain = redis.call('HMGET', KEYS[1], ARGV[1], 'buckets')
if not chain[1] or chain[2] ~= ARGV[5] then return {-1, -1} end
local fence = tonumber(chain[1])
if tonumber(ARGV[3]) < fence then return {0, fence} end
if tonumber(ARGV[2]) ~= fence then return {-1, fence} end

local position = 5
local function take()
  position = position + 1
  return ARGV[position]
end
local function take_key() return KEYS[tonumber(take())] end

local poisoned = 0
local function failed(reply) return type(reply) == 'table' and reply.err ~= nil end
local function poison(key, expire)
  redis.call('SET', key, 'broken', 'EXAT', expire)
  poisoned = poisoned + 1
end

-- Runs `command` for each of the pairs that follow, with the arguments in the order it wants.
local function increment(key, expire, command)
  local broken = false
  for _ = 1, tonumber(take()) do
    local name, by = take(), take()
    if not broken then
      local reply
      if command == 'ZINCRBY' then
        reply = redis.pcall(command, key, by, name)
      else
        reply = redis.pcall(command, key, name, by)
      end
      broken = failed(reply)
    end
  end
  if broken then poison(key, expire) else redis.call('EXPIREAT', key, expire) end
  return not broken
end

local operations = {}

function operations.count()
  local key, expire = take_key(), take()
  increment(key, expire, 'HINCRBY')
end

function operations.visit()
  local key, expire = take_key(), take()
  local broken = false
  for _ = 1, tonumber(take()) do
    local member = take()
    broken = broken or failed(redis.pcall('PFADD', key, member))
  end
  if broken then poison(key, expire) else redis.call('EXPIREAT', key, expire) end
end

function operations.rank()
  local key, expire, keep = take_key(), take(), tonumber(take())
  -- Cut only when twice too long, so that a newcomer has time to climb.
  if increment(key, expire, 'ZINCRBY') and redis.call('ZCARD', key) > 2 * keep then
    redis.call('ZREMRANGEBYRANK', key, 0, -(keep + 1))
  end
end

-- The quarters of an hour as text: `impressions 61 spend:EUR 12500000`.
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

-- From which hour on the counters are complete; what lies before is only named in the feed.
local whole_from
local function is_whole(start)
  if not whole_from then
    local fields, chains, newest = redis.call('HGETALL', KEYS[1]), {}, 0
    local partitions = 0
    whole_from = 0
    for i = 1, #fields, 2 do
      local kgen = tonumber(string.match(fields[i], '^(%d+):%d+:whole_from$'))
      if kgen then
        chains[kgen] = (chains[kgen] or 0) + 1
        newest = math.max(newest, kgen)
        whole_from = math.max(whole_from, tonumber(fields[i + 1]))
      elseif fields[i] == 'partitions' then
        partitions = tonumber(fields[i + 1])
      end
    end
    if (chains[newest] or 0) < partitions then whole_from = math.huge end
  end
  return start >= whole_from
end

function operations.feed()
  local key, length, seconds = take_key(), take(), take()
  local entry = {key, 'MAXLEN', '~', length, '*', 'at', ARGV[4]}
  for _ = 1, tonumber(take()) do
    local campaign, start, hour, quarter = take(), take(), take_key(), take()
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

while position < #ARGV do operations[take()]() end

redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', tonumber(ARGV[3]) + 1))
return {1, poisoned}
