-- Gives identities to tasks that are about to be inserted.
-- ARGV: now, how long a reservation counts without its task, then of each: name, id, digest, and
-- the reservation whose place may be taken (its id and deadline), or two empty ones.
local answers = {}
for i = 3, #ARGV, 5 do
  local name, id, digest, old_id, old_deadline = unpack(ARGV, i, i + 4)
  local key = shard .. ':identity:' .. name
  local held = redis.call('HMGET', key, 'id', 'deadline', 'digest')
  if not held[1] or held[1] == id or (held[1] == old_id and held[2] == old_deadline) then
    local deadline = plus(now, ARGV[2])
    redis.call('HSET', key, 'id', id, 'deadline', deadline, 'digest', digest)
    table.insert(answers, {'YOURS', deadline})
  else
    local over = tonumber(now) > tonumber(held[2])
    table.insert(answers, {over and 'OVER' or 'HELD', held[2], held[1], held[3]})
  end
end
return answers
