#!lua
-- The common part of the scripts that add to counters; it is prepended to each of them.
--
-- Operations follow each other in ARGV; keys are named by their position in KEYS:
--   count key expire n (field by)*        hash of counters
--   visit key expire n member*            HyperLogLog
--   rank  key expire keep n (member by)*  sorted set, cut to the highest `keep`
--
-- The writes of a script that fails half-way remain. So the checks come first, and a key that
-- refuses an operation (an overflow, a wrong type) is poisoned and does not stop the script: it
-- becomes the text `broken`, which every later operation and every reader refuses.

-- The position in ARGV of the last argument read; the scripts set it.
local position = 0
local function take()
  position = position + 1
  return ARGV[position]
end
local function take_key() return KEYS[tonumber(take())] end

-- The names of counters end in the chain's key generation, which only the script that reads the
-- chain knows for sure. The suffix follows the hash tag, so the slot stays the same.
local suffix = ''
local function use_key_generation(key_generation)
  if key_generation and key_generation ~= '0' then suffix = '_' .. key_generation end
end
local function take_counters() return take_key() .. suffix end

local poisoned = 0
local function failed(reply) return type(reply) == 'table' and reply.err ~= nil end
local function poison(key, expire)
  redis.call('SET', key, 'broken', 'EXAT', expire)
  poisoned = poisoned + 1
end

-- Runs `command` for each of the pairs that follow, with the arguments in the command's order.
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
  -- Cut only when twice too long, so that new products have time to rise.
  if increment(key, expire, 'ZINCRBY') and redis.call('ZCARD', key) > 2 * keep then
    redis.call('ZREMRANGEBYRANK', key, 0, -(keep + 1))
  end
end

local function operate()
  while position < #ARGV do operations[take()]() end
end
