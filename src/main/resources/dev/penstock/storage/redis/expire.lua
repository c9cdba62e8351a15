-- Cancels pending tasks that were to begin by now. ARGV: now, then the ids. Answers those that it
-- cancelled; false: it has begun, has ended or is no more, or a worker has it. Whoever gives it back
-- unbegun has it looked at again.
local answers = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'keep_completed', 'parent',
    'start_by', 'open')
  local phase, lane = task[1], task[2]
  local late = task[6] and tonumber(task[6]) <= tonumber(wall)
  if late or not task[6] then redis.call('ZREM', shard .. ':starting', id) end
  if late and (phase == 'READY' or phase == 'SCHEDULED') then
    leave(id, lane, phase)
    step(id, 'CANCELLED', phase)
    redis.call('HDEL', record(id), 'token', 'settled')
    finish(id, lane, 'CANCELLED', task[3], task[5], task[4], 'finished', now)
    if task[7] then families().part(id, lane, 'CANCELLED') end
    table.insert(answers, tell(id, false, false))
  else
    table.insert(answers, false)
  end
end
return counted(answers)
