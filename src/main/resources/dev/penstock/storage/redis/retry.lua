-- Makes failed and cancelled tasks ready again. ARGV: now, then the ids.
local answers = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'lost', 'parent',
    'open', 'deaths')
  local phase, lane = task[1], task[2]
  if not phase then
    table.insert(answers, {'UNKNOWN'})
  elseif phase == 'FAILED' or phase == 'CANCELLED' then
    leave(id, lane, phase)
    if task[5] then redis.call('ZREM', shard .. ':kept', id) end
    step(id, 'RETRIED', phase)
    redis.call('HDEL', record(id), 'token', 'settled', 'worker', 'started', 'finished', 'progress',
      'error_code', 'error_message', 'attempts')
    -- As if it had been claimed once more: its next message is another than its last.
    redis.call('HINCRBY', record(id), 'runs', 1)
    if task[4] and task[4] ~= '0' then redis.call('HSET', record(id), 'lost', 1) end
    if (tonumber(task[7]) or 0) > 2 then redis.call('HSET', record(id), 'deaths', 2) end
    enter(id, lane, 'READY', task[3], now, 'queued', now)
    if task[6] then families().relisted(id, lane, 'READY') end
    table.insert(answers, {'NOW', tell(id, true, false)})
  else
    table.insert(answers, {'OTHERWISE', tell(id, false, false)})
  end
end
return counted(answers)
