-- Children have ended. ARGV: now, then of each: parent, child, and the letter of how it ended.
-- Answers the parent, if that wakes it.
local function mark(id, child, letter)
  local place = listed_as(id, 'ON', child)
  if not place then return false end
  redis.call('ZREM', children(id), place)
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'token', 'wake_at',
    'wake_on_failure')
  local phase = task[1]
  if not phase or phase == 'COMPLETED' then -- nobody will read it
    if phase then grow(id, -ENTRY) end
  else
    redis.call('ZADD', children(id), 0, letter .. string.sub(place, 2))
  end
  if string.sub(place, 1, 1) == 'N' then
    local bytes = unspecified(id, child)
    if phase then grow(id, -bytes) end
  end
  if not phase then
    if redis.call('EXISTS', children(id)) == 0 then redis.call('ZREM', shard .. ':abandoned', id) end
    return false
  end
  local open = relisted(id, task[2], phase)
  if waits(phase, task[4], task[5])
    and (open <= tonumber(task[5]) or (task[6] and letter ~= 'C')) then
    wake(id, task[2], task[3])
    return tell(id, true, false)
  end
  return false
end

local answers = {}
for i = 2, #ARGV, 3 do table.insert(answers, mark(unpack(ARGV, i, i + 2))) end
return counted(answers)
