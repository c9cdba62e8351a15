-- Deletes tasks with all that belongs to them in this shard. ARGV: now, which may go (UNCLAIMED,
-- EXPIRED or COMPLETED), then the ids. Answers the name of each one's identity, '' for none; false:
-- it stays, or is not known.
local function goes(id, phase, runs)
  if ARGV[2] == 'UNCLAIMED' then
    return not runs and (phase == 'READY' or phase == 'SCHEDULED')
  elseif ARGV[2] == 'EXPIRED' then
    local time = redis.call('ZSCORE', shard .. ':expiring', id)
    return time and tonumber(time) <= tonumber(now)
  end
  return phase == 'COMPLETED'
end

local answers = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'runs', 'size', 'identity')
  if task[1] and goes(id, task[1], task[3]) then
    leave(id, task[2], task[1])
    local bytes = shard .. ':bytes'
    if redis.call('DECRBY', bytes, task[4]) <= 0 then redis.call('DEL', bytes) end
    redis.call('UNLINK', record(id), input(id), output(id), metadata(id), steps(id))
    table.insert(answers, task[5] or '')
  else
    table.insert(answers, false)
  end
end
return answers
