#!lua flags=allow-oom
-- Takes back what an attempt to log in that succeeded was charged, and makes its network known.
--
-- KEYS  1 failures of the account from the network
--       2 failures of the account from unknown networks
--       3 rate of failures of all accounts, from unknown networks
--       4 exists if the account has logged in from the network
-- ARGV  1 what it was charged of the rate of all, in microseconds; 2 how long a network is known, in milliseconds

redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[4]) == 0 then
  if tonumber(redis.call('HGET', KEYS[2], 'failures') or 0) > 0 then
    redis.call('HINCRBY', KEYS[2], 'failures', -1)
    redis.call('HDEL', KEYS[2], 'next')
  end
  local paid_off = tonumber(redis.call('GET', KEYS[3]))
  if paid_off then
    redis.call('SET', KEYS[3], string.format('%.0f', paid_off - tonumber(ARGV[1])), 'KEEPTTL')
  end
end
redis.call('SET', KEYS[4], 1, 'PX', ARGV[2])
return 0
