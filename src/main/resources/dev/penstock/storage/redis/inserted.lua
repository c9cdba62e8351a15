-- Children's tasks are kept. ARGV: now, then parent and child of each. Answers whether it is to be
-- cancelled (1 or 0): its parent has ended, is no more, or does not list it.
local family = families()

local function open(id, child)
  local phase = redis.call('HGET', record(id), 'phase')
  local place = family.listed(id, 'N', child)
  if place then
    family.change(id, place, 'O')
    local bytes = family.unspecified(id, child)
    if phase then grow(id, -bytes) end
  end
  return not phase or family.ended(phase) or not (place or family.listed_as(id, 'OCFX', child))
end

local answers = {}
for i = 2, #ARGV, 2 do table.insert(answers, open(ARGV[i], ARGV[i + 1]) and 1 or 0) end
return counted(answers)
