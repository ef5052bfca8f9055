#!lua
-- Admits an attempt to log in. It counts as failed until it succeeds, so attempts at once count too.
--
-- After some failures, each further one doubles the time until the next attempt. They are counted per
-- account and network, and per account over all networks from which it never logged in. So nobody
-- elsewhere can keep an account from logging in where it did before.
--
-- KEYS  1 hash: failures of the account from the network, and when the next attempt is admitted
--       2 hash: the same of the account, from unknown networks
--       3 rate of the network
--       4 rate of failures of all accounts, from unknown networks
--       5 exists if the account has logged in from the network
-- ARGV  1 failures without delay, 2 first delay, 3 longest delay, 4 time until failures are forgotten
--       5, 6 cost and burst of the network's rate; 7, 8 of the rate of all; times in microseconds
--
-- Returns the microseconds to wait: 0 means admitted.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local forgotten_ms = string.format('%.0f', tonumber(ARGV[4]) / 1000)
local is_known = redis.call('EXISTS', KEYS[5]) == 1

local counters, rates = { KEYS[1] }, { { KEYS[3], tonumber(ARGV[5]), tonumber(ARGV[6]) } }
if not is_known then
  counters[2] = KEYS[2]
  rates[2] = { KEYS[4], tonumber(ARGV[7]), tonumber(ARGV[8]) }
end

local wait = 0
for _, key in ipairs(counters) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'next') or now) - now)
end
for _, rate in ipairs(rates) do
  local before = math.max(tonumber(redis.call('GET', rate[1]) or now), now)
  rate.paid_off = before + rate[2]
  wait = math.max(wait, rate.paid_off - rate[3] - now)
end
if wait > 0 then return math.ceil(wait) end

for _, key in ipairs(counters) do
  local failures = redis.call('HINCRBY', key, 'failures', 1)
  local delay = 0
  if failures >= free then delay = math.min(first * 2 ^ math.min(failures - free, 30), longest) end
  redis.call('HSET', key, 'next', string.format('%.0f', now + delay))
  redis.call('PEXPIRE', key, forgotten_ms)
end
for _, rate in ipairs(rates) do
  local owed_ms = math.ceil((rate.paid_off - now) / 1000) + 1
  redis.call('SET', rate[1], string.format('%.0f', rate.paid_off), 'PX', string.format('%.0f', owed_ms))
end
return 0
