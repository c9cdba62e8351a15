-- Makes failed and cancelled tasks pending again: ready, unless they have a time to wait for.
-- ARGV: now, how far the wall clock is ahead, by when they are to begin ('': as they were to), then
-- the ids.
local answers = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'lost', 'parent',
    'open', 'run_at', 'input_gone', 'start_by', 'deaths')
  local phase, lane = task[1], task[2]
  if not phase then
    table.insert(answers, {'UNKNOWN'})
  elseif task[8] then
    table.insert(answers, {'INPUT_GONE'})
  elseif (phase == 'FAILED' or phase == 'CANCELLED')
    and task[9] and ARGV[3] == '' and tonumber(task[9]) <= tonumber(wall) then
    table.insert(answers, {'NEEDS_START'})
  elseif phase == 'FAILED' or phase == 'CANCELLED' then
    leave(id, lane, phase)
    if task[5] then redis.call('ZREM', shard .. ':kept', id) end
    step(id, 'RETRIED', phase)
    redis.call('HDEL', record(id), 'token', 'settled', 'worker', 'started', 'finished', 'progress',
      'error_code', 'error_message', 'attempts', 'put_off')
    -- As if it had been claimed once more: its next message is another than its last.
    redis.call('HINCRBY', record(id), 'runs', 1)
    if task[4] and task[4] ~= '0' then redis.call('HSET', record(id), 'lost', 1) end
    if (tonumber(task[10]) or 0) > 2 then redis.call('HSET', record(id), 'deaths', 2) end
    local due = task[7] and plus(task[7], -tonumber(ARGV[2]))
    local later = due and tonumber(due) > tonumber(now)
    local entered = later and 'SCHEDULED' or 'READY'
    enter(id, lane, entered, task[3], later and due or now, 'queued', now)
    if task[6] then families().relisted(id, lane, entered) end
    local start_by = ARGV[3] ~= '' and ARGV[3] or task[9]
    if start_by then redis.call('ZADD', shard .. ':starting', start_by, id) end
    if ARGV[3] ~= '' then
      redis.call('HSET', record(id), 'start_before', start_by, 'start_by', start_by)
    end
    table.insert(answers, {'NOW', tell(id, true, false)})
  else
    table.insert(answers, {'OTHERWISE', tell(id, false, false)})
  end
end
return counted(answers)
