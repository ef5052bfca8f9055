#!lua
-- Makes a stream the ticket's open stream.
--
-- KEYS  the ticket: a hash of `contents` and `ends`; from its first stream on also `opened` (when
--       that stream opened), `address`, `stream` (the last stream) and `open_until`; times in
--       milliseconds
-- ARGV  the stream, its address, 1 when the client names an event of an earlier stream; in
--       milliseconds: how long after its first stream a ticket does not need that, how long a
--       stream counts as open without a report, how long a ticket is stored without an open stream
--
-- Returns 0 when the stream is now open, -1 when it is refused, or until when another one is open.

local ticket = redis.call('HMGET', KEYS[1], 'ends', 'opened', 'address', 'open_until')
local ends, opened, address, open_until = ticket[1], ticket[2], ticket[3], tonumber(ticket[4] or 0)
if not ends then return -1 end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local fresh, timeout, retention = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

if now >= tonumber(ends) then return -1 end
if opened then
  if address ~= ARGV[2] then return -1 end
  if ARGV[3] ~= '1' and now >= tonumber(opened) + fresh then return -1 end
  if open_until > now then return open_until end
else
  redis.call('HSET', KEYS[1], 'opened', string.format('%.0f', now))
end

redis.call('HSET', KEYS[1], 'address', ARGV[2], 'stream', ARGV[1],
  'open_until', string.format('%.0f', now + timeout))
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.min(now + retention, tonumber(ends))))
return 0
