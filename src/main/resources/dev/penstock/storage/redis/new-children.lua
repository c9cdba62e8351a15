-- New children of a parent. ARGV: now, parent, how many, and of how many bytes. Answers the message
-- of each; the first one however long it is.
local family = families()
local id, most, room = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local phase = redis.call('HGET', record(id), 'phase')
if not phase or family.ended(phase) then -- an older version has ended it
  redis.call('ZREM', shard .. ':inserting', id)
  return {}
end
local answers = {}
for _, place in ipairs(redis.call('ZRANGEBYLEX', family.children(id), '[N', '(O',
  'LIMIT', 0, most)) do
  local child = string.sub(place, 2, 37)
  room = room - redis.call('HSTRLEN', family.specs(id), child)
  if room < 0 and #answers > 0 then break end
  table.insert(answers, redis.call('HGET', family.specs(id), child))
end
return answers
