-- Takes lapsed leases back. ARGV: now, margin, how many lost leases a task may have, then the ids.
local answers = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local deadline = redis.call('ZSCORE', shard .. ':leased', id)
  if deadline and tonumber(deadline) < tonumber(now) - tonumber(ARGV[2]) then
    local task = redis.call('HMGET', record(id), 'lane', 'seq', 'keep_failed', 'parent',
      'open', 'start_by')
    leave(id, task[1], 'RUNNING')
    begun(id, task[6])
    step(id, 'LOST', 'RUNNING')
    redis.call('HDEL', record(id), 'token')
    local lost = redis.call('HINCRBY', record(id), 'lost', 1)
    if lost > tonumber(ARGV[3]) then
      finish(id, task[1], 'FAILED', task[2], task[4], task[3], 'finished', now,
        'error_code', 'LEASE_LOST',
        'error_message', 'its worker vanished ' .. lost .. ' times while running it')
      if task[5] then families().part(id, task[1], 'FAILED') end
      table.insert(answers, {'FAILED', tell(id, true, false)})
    else
      redis.call('HDEL', record(id), 'started')
      enter(id, task[1], 'READY', task[2], now, 'queued', now)
      table.insert(answers, {'READY', tell(id, true, false)})
    end
  else
    table.insert(answers, {'HELD'})
  end
end
return counted(answers)
