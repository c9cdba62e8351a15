-- Makes tasks ready whose time has come. ARGV: now, then the ids.
local answers = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local due = redis.call('ZSCORE', shard .. ':due', id)
  if due and tonumber(due) <= tonumber(now) then
    local task = redis.call('HMGET', record(id), 'lane', 'seq')
    leave(id, task[1], 'SCHEDULED')
    enter(id, task[1], 'READY', task[2], now, 'queued', now)
    table.insert(answers, tell(id, true, false))
  else
    table.insert(answers, false)
  end
end
return counted(answers)
