-- Open children of parents. ARGV: now, which parents are meant (WAITING or ENDED), how many children
-- at most ('': all), then the parents. Answers a list for each; false: it is none of those. What an
-- older version left of those that it ended, for it does not know of children, is made good here.
local family = families()

local function mend(id, phase, lane)
  if family.ended(phase) then
    family.part(id, lane, phase)
  elseif phase then
    family.await_no_more(id, lane)
  else
    local known = redis.call('ZRANGEBYLEX', shard .. ':parents', '[' .. id, '(' .. id .. '\255',
      'LIMIT', 0, 1)[1]
    family.forget(id, known and string.sub(known, 37) or '')
  end
end

local answers = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'token', 'wake_at')
  local meant
  if ARGV[2] == 'WAITING' then
    meant = family.waits(task[1], task[3], task[4])
    if not meant then mend(id, task[1], task[2]) end
  else
    meant = not task[1] or family.ended(task[1])
    if not meant then redis.call('ZREM', shard .. ':abandoned', id) end
  end
  local open = meant and {}
  if meant then
    local places = redis.call('ZRANGEBYLEX', family.children(id), '[O', '(P',
      unpack(ARGV[3] == '' and {} or {'LIMIT', 0, ARGV[3]}))
    for _, place in ipairs(places) do table.insert(open, string.sub(place, 2, 37)) end
    if #open == 0 and ARGV[2] == 'ENDED' then redis.call('ZREM', shard .. ':abandoned', id) end
  end
  table.insert(answers, open)
end
return counted(answers)
