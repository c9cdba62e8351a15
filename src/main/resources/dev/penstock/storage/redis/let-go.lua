-- Lets ended children expire. ARGV: now, whose they are ('': anybody's), then the ids. Answers whether
-- it was so till now (1 or 0).
local family = families()
local answers = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'keep_completed', 'keep_failed', 'finished',
    'parent')
  local meant = ARGV[2] == '' or ARGV[2] == task[5]
  local kept = meant and redis.call('ZREM', shard .. ':kept', id) == 1
  kept = kept and family.ended(task[1])
  if kept then
    local keep = task[1] == 'FAILED' and task[3] or task[2]
    redis.call('ZADD', shard .. ':expiring', plus(now, keep), id)
    if task[1] == 'COMPLETED' then redis.call('ZADD', shard .. ':completed', task[4], id) end
  end
  table.insert(answers, kept and 1 or 0)
end
return answers
