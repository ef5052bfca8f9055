#!lua
-- Checks several limits at once; charges all of them, or none.
--
-- Each limit is a generic cell rate: the key holds the time (in microseconds) at which everything
-- admitted so far is paid off. It may lie `burst` ahead of now. A request that costs more than the
-- burst is admitted when everything before is paid off.
--
-- KEYS  one per limit
-- ARGV  per limit: cost and burst, in microseconds
--
-- Returns the microseconds to wait: 0 means admitted.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local paid_off, wait = {}, 0
for i = 1, #KEYS do
  local before = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now)
  local cost, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  paid_off[i] = before + cost
  wait = math.max(wait, before + math.min(cost, burst) - burst - now)
end
if wait > 0 then return math.ceil(wait) end

for i = 1, #KEYS do
  local owed_ms = math.ceil((paid_off[i] - now) / 1000) + 1
  redis.call('SET', KEYS[i], string.format('%.0f', paid_off[i]), 'PX', string.format('%.0f', owed_ms))
end
return 0
