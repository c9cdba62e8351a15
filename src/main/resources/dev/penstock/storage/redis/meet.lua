-- Tasks that later submits are answered with, though nobody may have claimed them: from now on they
-- are not withdrawn. ARGV: now, then the ids. Answers whether each is still known (MET or GONE).
local answers = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'runs', 'met')
  if not task[2] and not task[3] and (task[1] == 'READY' or task[1] == 'SCHEDULED') then
    redis.call('HSET', record(id), 'met', 1)
  end
  table.insert(answers, task[1] and 'MET' or 'GONE')
end
return answers
