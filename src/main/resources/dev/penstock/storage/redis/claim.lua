-- Gives the right to run tasks. ARGV: now, worker, lease, alone (1 or 0), then id and token of each.
local answers = {}
for i = 5, #ARGV, 2 do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'lost', 'runs', 'progress',
    'checkpoint', 'start_by')
  local phase, lane = task[1], task[2]
  if phase == 'RUNNING' or phase == 'SCHEDULED' then
    table.insert(answers, {'HELD'})
  elseif not phase and redis.call('ZSCORE', shard .. ':gone', id) then
    table.insert(answers, {'SETTLED'}) -- it had ended, and was deleted
  elseif not phase then
    -- Nothing was inserted since this shard was emptied: every task is older than what it keeps.
    table.insert(answers, {'UNKNOWN', redis.call('GET', shard .. ':began') or now})
  elseif phase ~= 'READY' then
    table.insert(answers, {'SETTLED'})
  elseif task[8] and tonumber(task[8]) <= tonumber(wall) then
    table.insert(answers, {'EXPIRED'})
  elseif task[4] and task[4] ~= '0' and ARGV[4] == '0' then
    table.insert(answers, {'SUSPECT'})
  else
    local deadline = plus(now, ARGV[3])
    leave(id, lane, phase)
    local runs = (tonumber(task[5]) or 0) + 1
    if task[6] then redis.call('HDEL', record(id), 'progress') end
    enter(id, lane, 'RUNNING', task[3], deadline, 'token', ARGV[i + 1], 'worker', ARGV[2],
      'started', now, 'runs', runs)
    table.insert(answers, {'CLAIMED', deadline, tell(id, true, false), runs,
      task[7] and redis.call('GET', checkpoint(id))})
  end
end
return counted(answers)
