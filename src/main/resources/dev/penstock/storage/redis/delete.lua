-- delete
-- Deletes tasks with all that belongs to them in this shard. ARGV: now, which may go (UNPROMISED:
-- neither claimed nor met; EXPIRED; ENDED: whoever has ended; or a phase: those that ended in it),
-- how long those of a phase are kept, then id and time of submission of each. One with open children
-- stays, so that they are cancelled, and of a phase, children that are kept for their parents.
-- Answers the name of each one's identity, '' for none; false: it stays, or is not known.
local GONE = 100 -- bytes that the entry of a deleted task takes, about

local function goes(id, phase, runs, met, open, finished)
  if open and tonumber(open) > 0 then return false end
  if ARGV[2] == 'UNPROMISED' then
    return not runs and not met and (phase == 'READY' or phase == 'SCHEDULED')
  elseif ARGV[2] == 'ENDED' then
    return phase == 'COMPLETED' or phase == 'FAILED' or phase == 'CANCELLED'
  end
  local time = redis.call('ZSCORE', shard .. ':expiring', id)
  if ARGV[2] == 'EXPIRED' then return time and tonumber(time) <= tonumber(now) end
  return phase == ARGV[2] and time and finished
    and tonumber(finished) <= tonumber(now) - tonumber(ARGV[3])
end

-- A message may come up of a task that has left before its time, and is not to make it again. It
-- could until the shorter of its retentions has passed, and longer where the task is older than what
-- this shard keeps.
local function bury(id, made, expires)
  local task = redis.call('HMGET', record(id), 'keep_completed', 'keep_failed', 'submitted_at')
  made = task[3] or made
  local last = plus(made, math.min(tonumber(task[1]), tonumber(task[2])))
  local began = redis.call('GET', shard .. ':began')
  if not began or tonumber(made) < tonumber(began) then
    last = expires or plus(now, math.max(tonumber(task[1]), tonumber(task[2])))
  end
  return tonumber(last) > tonumber(now) and last
end

local answers = {}
for i = 4, #ARGV, 2 do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'runs', 'size', 'identity',
    'met', 'parent', 'open', 'checkpoint', 'finished', 'start_by')
  if task[1] and goes(id, task[1], task[3], task[6], task[8], task[10]) then
    local buried = ARGV[2] ~= 'UNPROMISED' and ARGV[2] ~= 'EXPIRED'
      and bury(id, ARGV[i + 1], redis.call('ZSCORE', shard .. ':expiring', id))
    leave(id, task[2], task[1])
    grown = grown - tonumber(task[4])
    redis.call('UNLINK', record(id), input(id), output(id), metadata(id), steps(id))
    if task[9] then redis.call('UNLINK', checkpoint(id)) end
    if task[11] then redis.call('ZREM', shard .. ':starting', id) end
    if task[7] then
      redis.call('ZREM', shard .. ':kept', id)
      redis.call('ZREM', shard .. ':of:' .. task[7], id)
    end
    if task[8] then families().forget(id, task[2]) end
    if buried then
      redis.call('ZADD', shard .. ':gone', buried, id)
      grown = grown + GONE
    end
    table.insert(answers, task[5] or '')
  else
    table.insert(answers, false)
  end
end
return counted(answers)
