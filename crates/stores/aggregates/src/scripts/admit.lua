#!lua flags=allow-oom
-- Checks several limits at once; charges all of them, or none.
--
-- Each limit is a generic cell rate: the key holds the time (in microseconds) at which everything
-- admitted so far is paid off. It may lie `burst` ahead of now. A request that costs more than the
-- burst is admitted when everything before is paid off.
--
-- An advance pays for later requests. It is charged only if the request is admitted and the limits
-- have room for all advances too: a limit that is nearly reached gives none.
--
-- KEYS  one per limit
-- ARGV  per limit: cost, burst and advance, in microseconds
--
-- Returns the microseconds to wait (0 means admitted, -1 admitted, and the advances are charged), the
-- place of the limit that asks for them (0 means none), and of each limit the microseconds of its burst
-- that are left.
--
-- It runs also when Redis has no memory left: its keys are few, small and expire.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local paid_off, advanced, wait, exceeded, has_room = {}, {}, 0, 0, true
for i = 1, #KEYS do
  local before = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now)
  local cost, burst = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  paid_off[i] = before + cost
  advanced[i] = paid_off[i] + tonumber(ARGV[3 * i])
  local of_limit = before + math.min(cost, burst) - burst - now
  if of_limit > wait then wait, exceeded = of_limit, i end
  has_room = has_room and advanced[i] <= now + burst
end
local answer = { math.ceil(wait), exceeded }
if wait > 0 then
  for i = 1, #KEYS do
    local before = paid_off[i] - tonumber(ARGV[3 * i - 2])
    answer[i + 2] = math.floor(math.max(0, now + tonumber(ARGV[3 * i - 1]) - before))
  end
  return answer
end

if has_room then paid_off = advanced end
for i = 1, #KEYS do
  local owed_ms = math.ceil((paid_off[i] - now) / 1000) + 1
  redis.call('SET', KEYS[i], string.format('%.0f', paid_off[i]), 'PX', string.format('%.0f', owed_ms))
  answer[i + 2] = math.floor(math.max(0, now + tonumber(ARGV[3 * i - 1]) - paid_off[i]))
end
answer[1] = has_room and -1 or 0
return answer
