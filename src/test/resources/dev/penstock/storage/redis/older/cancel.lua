-- Ends tasks that have not ended. ARGV: now, whether only pending ones (1 or 0), then the ids.
local answers = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'keep_completed')
  local phase, lane = task[1], task[2]
  if not phase then
    table.insert(answers, {'UNKNOWN'})
  elseif phase == 'READY' or phase == 'SCHEDULED' or (phase == 'RUNNING' and ARGV[2] == '0') then
    leave(id, lane, phase)
    step(id, 'CANCELLED', phase)
    redis.call('HDEL', record(id), 'token', 'settled')
    enter(id, lane, 'CANCELLED', task[3], plus(now, task[4]), 'finished', now)
    table.insert(answers, {phase == 'RUNNING' and 'RUNNING' or 'NOW', tell(id, false, false)})
  else
    table.insert(answers, {'OTHERWISE', tell(id, false, false)})
  end
end
return counted(answers)
