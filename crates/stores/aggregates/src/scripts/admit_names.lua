#!lua flags=allow-oom
-- Admits names of a tenant for a day, up to so many different ones.
--
-- The names are kept as a Bloom filter of a fixed size, so that a million of them cost no more memory than
-- the ones that are admitted. One name in a hundred that is new counts as admitted before. When the
-- filter has so many names as it may, it no longer changes: callers read it once and decide alone.
--
-- KEYS  1 filter, 2 how many different names it has
-- ARGV  1 most names, 2 seconds that the keys live, 3 positions per name; then the positions of each name
--
-- Returns 1 if the filter is full, else 0; and 1 for each name that is admitted, else 0.

local most, lives, per_name = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local count = tonumber(redis.call('GET', KEYS[2]) or 0)
local before = count
local answer = { 0 }
for first = 4, #ARGV, per_name do
  local is_known = true
  for i = first, first + per_name - 1 do
    is_known = is_known and redis.call('GETBIT', KEYS[1], ARGV[i]) == 1
  end
  local is_admitted = is_known or count < most
  if is_admitted and not is_known then
    count = count + 1
    for i = first, first + per_name - 1 do redis.call('SETBIT', KEYS[1], ARGV[i], 1) end
  end
  answer[#answer + 1] = is_admitted and 1 or 0
end
if count > before then
  redis.call('SET', KEYS[2], count, 'EX', lives)
  redis.call('EXPIRE', KEYS[1], lives)
end
if count >= most then answer[1] = 1 end
return answer
