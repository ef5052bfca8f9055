#!lua
-- Takes the rebuild of a bucket up, or goes on with it, unless another is at it.
--
-- KEYS[1]  the bucket's chain
-- ARGV     the generation seen, who rebuilds, for how many ms they have it to themselves, the first
--          hour to rebuild in Unix seconds
--
-- Returns {token, first hour}, or {} when there is nothing to do. Whoever joins a rebuild gets the
-- token and the hour that it was begun with: the steps are then the same, and each is done once.

local chain = redis.call('HMGET', KEYS[1], 'generation', 'rebuild', 'rebuild_from', 'rebuilder',
  'rebuilder_until')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

if (chain[1] or '0') ~= ARGV[1] then return {} end
if chain[4] and chain[4] ~= ARGV[2] and tonumber(chain[5]) > now then return {} end

local token, from = chain[2], chain[3]
if not token then
  -- Never the same twice, also when Redis comes back with a file from before the rebuild.
  token, from = time[1] .. '-' .. time[2], ARGV[4]
end
redis.call('HSET', KEYS[1], 'rebuild', token, 'rebuild_from', from, 'rebuilder', ARGV[2],
  'rebuilder_until', string.format('%.0f', now + tonumber(ARGV[3])))
return {token, from}
