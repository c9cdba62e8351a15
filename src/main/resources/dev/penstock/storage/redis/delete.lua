-- Deletes tasks with all that belongs to them in this shard. ARGV: now, which may go (UNPROMISED:
-- neither claimed nor met; EXPIRED or COMPLETED), then the ids. One with open children stays, so
-- that they are cancelled. Answers the name of each one's identity, '' for none; false: it stays, or
-- is not known.
local function goes(id, phase, runs, met, open)
  if open and tonumber(open) > 0 then return false end
  if ARGV[2] == 'UNPROMISED' then
    return not runs and not met and (phase == 'READY' or phase == 'SCHEDULED')
  elseif ARGV[2] == 'EXPIRED' then
    local time = redis.call('ZSCORE', shard .. ':expiring', id)
    return time and tonumber(time) <= tonumber(now)
  end
  return phase == 'COMPLETED'
end

local answers = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'runs', 'size', 'identity',
    'met', 'parent', 'open', 'checkpoint', 'start_by')
  if task[1] and goes(id, task[1], task[3], task[6], task[8]) then
    leave(id, task[2], task[1])
    grown = grown - tonumber(task[4])
    redis.call('UNLINK', record(id), input(id), output(id), metadata(id), steps(id))
    if task[9] then redis.call('UNLINK', checkpoint(id)) end
    if task[10] then redis.call('ZREM', shard .. ':starting', id) end
    if task[7] then
      redis.call('ZREM', shard .. ':kept', id)
      redis.call('ZREM', shard .. ':of:' .. task[7], id)
    end
    if task[8] then families().forget(id, task[2]) end
    table.insert(answers, task[5] or '')
  else
    table.insert(answers, false)
  end
end
return counted(answers)
