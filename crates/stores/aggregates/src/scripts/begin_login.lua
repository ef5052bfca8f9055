#!lua flags=allow-oom
-- Admits an attempt to log in. It counts as failed until it succeeds, so attempts at once count too.
--
-- After some failures, each further one doubles the time until the next attempt. They are counted per
-- account and network, and per account over all networks from which it never logged in. So nobody
-- elsewhere can keep an account from logging in where it did before.
--
-- While all accounts together have too many failures from unknown networks, each of them has the first
-- delay from its first failure on. The failures of others refuse nobody the first attempt.
--
-- KEYS  1 hash: failures of the account from the network, and when the next attempt is admitted
--       2 hash: the same of the account, from unknown networks
--       3 rate of the network
--       4 rate of failures of all accounts, from unknown networks
--       5 exists if the account has logged in from the network
-- ARGV  1 failures without delay, 2 first delay, 3 longest delay, 4 time until failures are forgotten
--       5, 6 cost and burst of the network's rate; 7, 8 of the rate of all, of which a cost of 0 takes
--       nothing; times in microseconds
--
-- Returns the microseconds to wait: 0 means admitted.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local forgotten_ms = string.format('%.0f', tonumber(ARGV[4]) / 1000)
local is_known = redis.call('EXISTS', KEYS[5]) == 1

-- Returns until when the costs of a rate would be paid off after another one.
local function paid_off(key, cost)
  return math.max(tonumber(redis.call('GET', key) or now), now) + cost
end

local function charge(key, until_time)
  local owed_ms = math.ceil((until_time - now) / 1000) + 1
  redis.call('SET', key, string.format('%.0f', until_time), 'PX', string.format('%.0f', owed_ms))
end

local counters = { KEYS[1] }
if not is_known then counters[2] = KEYS[2] end

local of_network = paid_off(KEYS[3], tonumber(ARGV[5]))
local wait = math.max(0, of_network - tonumber(ARGV[6]) - now)
for _, key in ipairs(counters) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'next') or now) - now)
end
if wait > 0 then return math.ceil(wait) end
charge(KEYS[3], of_network)

local of_all_cost, of_all_burst = tonumber(ARGV[7]), tonumber(ARGV[8])
local least_delay = 0
if not is_known and of_all_cost > 0 then
  local of_all = paid_off(KEYS[4], of_all_cost)
  if of_all - of_all_burst > now then least_delay = first end
  -- Bounded, so that the delays end a minute after the failures do.
  charge(KEYS[4], math.min(of_all, now + 2 * of_all_burst))
end

for _, key in ipairs(counters) do
  local failures = redis.call('HINCRBY', key, 'failures', 1)
  local delay = least_delay
  if failures >= free then delay = math.min(first * 2 ^ math.min(failures - free, 30), longest) end
  redis.call('HSET', key, 'next', string.format('%.0f', now + delay))
  redis.call('PEXPIRE', key, forgotten_ms)
end
return 0
