-- Gives the right to run tasks. ARGV: now, worker, lease, what becomes of suspects (0: they are told,
-- 1: run here, 2: run apart), then id and token of each.
local answers = {}
for i = 5, #ARGV, 2 do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'deaths', 'runs', 'progress',
    'checkpoint', 'apart', 'start_by')
  local phase, lane = task[1], task[2]
  local deaths = tonumber(task[4]) or 0
  if phase == 'RUNNING' or phase == 'SCHEDULED' then
    table.insert(answers, {'HELD'})
  elseif not phase and redis.call('ZSCORE', shard .. ':gone', id) then
    table.insert(answers, {'SETTLED'}) -- it had ended, and was deleted
  elseif not phase then
    -- Nothing was inserted since this shard was emptied: every task is older than what it keeps.
    table.insert(answers, {'UNKNOWN', redis.call('GET', shard .. ':began') or now})
  elseif phase ~= 'READY' then
    table.insert(answers, {'SETTLED'})
  elseif task[9] and tonumber(task[9]) <= tonumber(wall) then
    table.insert(answers, {'EXPIRED'})
  elseif deaths >= 2 and ARGV[4] == '0' then
    table.insert(answers, {'SUSPECT'})
  else
    local deadline = plus(now, ARGV[3])
    leave(id, lane, phase)
    local runs = (tonumber(task[5]) or 0) + 1
    if task[6] then redis.call('HDEL', record(id), 'progress') end
    if task[8] then redis.call('HDEL', record(id), 'apart') end
    enter(id, lane, 'RUNNING', task[3], deadline, 'token', ARGV[i + 1], 'worker', ARGV[2],
      'started', now, 'runs', runs,
      unpack(deaths >= 2 and ARGV[4] == '2' and {'apart', 1} or {}))
    table.insert(answers, {'CLAIMED', deadline, tell(id, true, false), runs,
      task[7] and redis.call('GET', checkpoint(id)), deaths})
  end
end
return counted(answers)
