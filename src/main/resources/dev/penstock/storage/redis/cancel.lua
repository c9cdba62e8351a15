-- Ends tasks that have not ended. ARGV: now, whether only pending ones (1 or 0), then the ids.
local family = families()
local answers = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'keep_completed', 'token',
    'wake_at', 'parent', 'open', 'start_by')
  local phase, lane = task[1], task[2]
  if not phase then
    table.insert(answers, {'UNKNOWN'})
  elseif phase == 'READY' or phase == 'SCHEDULED' or (phase == 'RUNNING' and ARGV[2] == '0') then
    local runs = phase == 'RUNNING' and not family.waits(phase, task[5], task[6])
    leave(id, lane, phase)
    if phase == 'RUNNING' then
      begun(id, task[9])
    elseif task[9] then
      redis.call('ZREM', shard .. ':starting', id)
    end
    step(id, 'CANCELLED', runs and phase or 'READY')
    redis.call('HDEL', record(id), 'token', 'settled')
    finish(id, lane, 'CANCELLED', task[3], task[7], task[4], 'finished', now)
    if task[8] then family.part(id, lane, 'CANCELLED') end
    table.insert(answers, {runs and 'RUNNING' or 'NOW', tell(id, false, false)})
  else
    table.insert(answers, {'OTHERWISE', tell(id, false, false)})
  end
end
return counted(answers)
