#!lua
-- What scripts that add to counters have in common; it stands before each of them.
--
-- Operations follow each other in ARGV; keys are named by their position in KEYS:
--   count key expire n (field by)*        hash of counters
--   visit key expire n member*            HyperLogLog
--   rank  key expire keep n (member by)*  sorted set, cut to the highest `keep`
--
-- A script that fails half-way keeps what it wrote. So the checks come first, and a key that
-- refuses (an overflow, a wrong type) is poisoned alone: it becomes the text `broken`, which
-- every later operation and every reader refuses.

-- Where in ARGV the next operation is read; the scripts set it.
local position = 0
local function take()
  position = position + 1
  return ARGV[position]
end
local function take_key() return KEYS[tonumber(take())] end

-- Counters are named by the generation that the chain is in: only one who reads the chain in the
-- same script can know it. It follows the hash tag, so the slot stays the same.
local suffix = ''
local function enter(generation)
  if generation and generation ~= '0' then suffix = '_' .. generation end
end
local function take_counters() return take_key() .. suffix end

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
  local key, expire = take_counters(), take()
  increment(key, expire, 'HINCRBY')
end

function operations.visit()
  local key, expire = take_counters(), take()
  local broken = false
  for _ = 1, tonumber(take()) do
    local member = take()
    broken = broken or failed(redis.pcall('PFADD', key, member))
  end
  if broken then poison(key, expire) else redis.call('EXPIREAT', key, expire) end
end

function operations.rank()
  local key, expire, keep = take_counters(), take(), tonumber(take())
  -- Cut only when twice too long, so that a newcomer has time to climb.
  if increment(key, expire, 'ZINCRBY') and redis.call('ZCARD', key) > 2 * keep then
    redis.call('ZREMRANGEBYRANK', key, 0, -(keep + 1))
  end
end

local function operate()
  while position < #ARGV do operations[take()]() end
end
