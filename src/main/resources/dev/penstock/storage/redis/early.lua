-- early
-- Ended tasks that may leave before their time, in the order in which they expire. ARGV: now, the
-- phase, whether only those that have an input still (1 or 0), how long they are kept, the place
-- from which to look, how many to look at. Answers how many were looked at, then id, end and the
-- name of the identity of each that may leave.
local counted_any = false
local all = redis.call('HGETALL', counts)
for i = 1, #all, 2 do
  if string.sub(all[i], 1, #ARGV[2] + 1) == ARGV[2] .. ':' then counted_any = true end
end
if not counted_any then return {0} end

local first = tonumber(ARGV[5])
local ids = redis.call('ZRANGE', shard .. ':expiring', first, first + tonumber(ARGV[6]) - 1)
local answers = {#ids}
for _, id in ipairs(ids) do
  local task = redis.call('HMGET', record(id), 'phase', 'finished', 'identity')
  if task[1] == ARGV[2] and task[2] and tonumber(task[2]) <= tonumber(now) - tonumber(ARGV[4])
    and (ARGV[3] == '0' or redis.call('EXISTS', input(id)) == 1) then
    table.insert(answers, {id, task[2], task[3]})
  end
end
return answers
