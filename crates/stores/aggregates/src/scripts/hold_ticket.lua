#!lua flags=allow-oom
-- Sets for how much longer a stream counts as open: 0 closes it.
--
-- KEYS  the ticket, as in `claim_ticket.lua`
-- ARGV  the stream; in milliseconds: for how long, how long a ticket is stored without an open
--       stream
--
-- Returns 1 when the stream is the ticket's open stream, else 0.

local ticket = redis.call('HMGET', KEYS[1], 'stream', 'ends')
if ticket[1] ~= ARGV[1] then return 0 end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], 'open_until', string.format('%.0f', now + tonumber(ARGV[2])))
redis.call('PEXPIREAT', KEYS[1],
  string.format('%.0f', math.min(now + tonumber(ARGV[3]), tonumber(ticket[2]))))
return 1
