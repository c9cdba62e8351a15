-- Gives the right to run tasks. ARGV: now, worker, lease, alone (1 or 0), then id and token of each.
local answers = {}
for i = 5, #ARGV, 2 do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'lost')
  local phase, lane = task[1], task[2]
  if phase == 'RUNNING' or phase == 'SCHEDULED' then
    table.insert(answers, {'HELD'})
  elseif phase ~= 'READY' then
    table.insert(answers, {'SETTLED'})
  elseif task[4] and task[4] ~= '0' and ARGV[4] == '0' then
    table.insert(answers, {'SUSPECT'})
  else
    local deadline = plus(now, ARGV[3])
    leave(id, lane, phase)
    redis.call('HDEL', record(id), 'progress')
    redis.call('HSET', record(id), 'token', ARGV[i + 1], 'worker', ARGV[2], 'started', now)
    redis.call('HINCRBY', record(id), 'runs', 1)
    enter(id, lane, 'RUNNING', task[3], deadline)
    table.insert(answers, {'CLAIMED', deadline, tell(id, true, false)})
  end
end
return answers
