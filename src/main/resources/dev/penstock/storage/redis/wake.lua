-- Wakes parents whose longest wait is over. ARGV: now, then the ids.
local family = families()
local answers = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'token', 'wake_at', 'lane', 'seq')
  local at = redis.call('ZSCORE', shard .. ':awaiting', id)
  local over = at and tonumber(at) <= tonumber(now)
  if over and family.waits(task[1], task[2], task[3]) then
    family.wake(id, task[4], task[5])
    table.insert(answers, tell(id, true, false))
  else
    -- An older version has cancelled it: it does not know that the task waited.
    if over and task[4] then family.await_no_more(id, task[4]) end
    table.insert(answers, false)
  end
end
return counted(answers)
