-- Children have ended. ARGV: now, then of each: parent, child, and the letter of how it ended.
-- Answers the parent, if that wakes it.
local family = families()

local function mark(id, child, letter)
  local place = family.listed_as(id, 'ON', child)
  if not place then return false end
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'token', 'wake_at',
    'wake_on_failure')
  local phase = task[1]
  if not phase then
    redis.call('ZREM', family.children(id), place)
    if redis.call('EXISTS', family.children(id)) == 0 then
      redis.call('ZREM', shard .. ':abandoned', id)
    end
    return false
  end
  if phase == 'COMPLETED' then -- nobody will read it
    redis.call('ZREM', family.children(id), place)
    grow(id, -family.ENTRY)
  else
    family.change(id, place, letter)
  end
  if string.sub(place, 1, 1) == 'N' then grow(id, -family.unspecified(id, child)) end
  local open = family.relisted(id, task[2], phase)
  if family.waits(phase, task[4], task[5])
    and (open <= tonumber(task[5]) or (task[6] and letter ~= 'C')) then
    family.wake(id, task[2], task[3])
    return tell(id, true, false)
  end
  return false
end

local answers = {}
for i = 2, #ARGV, 3 do table.insert(answers, mark(unpack(ARGV, i, i + 2))) end
return counted(answers)
