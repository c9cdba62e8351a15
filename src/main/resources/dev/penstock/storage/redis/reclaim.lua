-- Takes lapsed leases back. ARGV: now, margin, how many lost leases a task may have, whether it is known
-- who lives (1 or 0), the number of those, name of each and how long it has been its ('': always),
-- then the ids.
local answers = {}
local living = {}
local first = 6 + 2 * tonumber(ARGV[5])
for i = 6, first - 1, 2 do living[ARGV[i]] = ARGV[i + 1] end

-- Whether the process that held it is none of those that live. What ran apart did not kill it.
local function died(worker, started, apart)
  if ARGV[4] == '0' or apart or not worker or not started then return false end
  local since = living[worker]
  if not since then return true end
  return since ~= '' and tonumber(started) < tonumber(now) - tonumber(since)
end

for i = first, #ARGV do
  local id = ARGV[i]
  local deadline = redis.call('ZSCORE', shard .. ':leased', id)
  if deadline and tonumber(deadline) < tonumber(now) - tonumber(ARGV[2]) then
    local task = redis.call('HMGET', record(id), 'lane', 'seq', 'keep_failed', 'parent',
      'open', 'worker', 'started', 'apart', 'start_by')
    leave(id, task[1], 'RUNNING')
    begun(id, task[9])
    step(id, 'LOST', 'RUNNING')
    redis.call('HDEL', record(id), 'token')
    if died(task[6], task[7], task[8]) then redis.call('HINCRBY', record(id), 'deaths', 1) end
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
