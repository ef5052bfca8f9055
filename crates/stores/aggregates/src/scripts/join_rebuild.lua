#!lua
-- Begins or continues the rebuild of a slot group, unless another process works on it.
--
-- KEYS[1]  the slot group's chain
-- ARGV     the key generation seen, the owner, for how many ms the owner has the rebuild to itself,
--          the first hour to rebuild in Unix seconds
--
-- Returns {token, first hour}, or {} when there is nothing to do. Every process that joins a
-- rebuild gets the token and the hour with which it began: their steps are then the same, and each
-- counts once.

local chain = redis.call('HMGET', KEYS[1], 'generation', 'rebuild', 'rebuild_from', 'rebuilder',
  'rebuilder_until')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

if (chain[1] or '0') ~= ARGV[1] then return {} end
if chain[4] and chain[4] ~= ARGV[2] and tonumber(chain[5]) > now then return {} end

local token, from = chain[2], chain[3]
if not token then
  -- Never the same twice, even if Redis restarts with a file from before the rebuild.
  token, from = time[1] .. '-' .. time[2], ARGV[4]
end
redis.call('HSET', KEYS[1], 'rebuild', token, 'rebuild_from', from, 'rebuilder', ARGV[2],
  'rebuilder_until', string.format('%.0f', now + tonumber(ARGV[3])))
return {token, from}
