-- live
-- What owners' tasks of a list take. ARGV: now, the list (phase:lane), the place from which to look,
-- how many to look at. Answers how many were looked at, then owner and bytes of each owner.
local first = tonumber(ARGV[3])
local ids = redis.call('ZRANGE', shard .. ':in:' .. ARGV[2], first, first + tonumber(ARGV[4]) - 1)
local owners = {}
for _, id in ipairs(ids) do
  local task = redis.call('HMGET', record(id), 'owner', 'size')
  if task[1] and task[2] then owners[task[1]] = (owners[task[1]] or 0) + tonumber(task[2]) end
end
local answers = {#ids}
for owner, bytes in pairs(owners) do
  table.insert(answers, owner)
  table.insert(answers, string.format('%.0f', bytes))
end
return answers
