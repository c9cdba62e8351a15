-- Prolongs leases. ARGV: now, lease, then of each task: id, token, progress ('': none to tell).
local answers = {}
for i = 3, #ARGV, 3 do
  local id = ARGV[i]
  local task = redis.call('HMGET', record(id), 'phase', 'token')
  local held = task[1] == 'RUNNING' and task[2] == ARGV[i + 1]
  if held then
    redis.call('ZREM', shard .. ':leased', id) -- first, as in leave: this must fit
    redis.call('ZADD', shard .. ':leased', plus(now, ARGV[2]), id)
    if ARGV[i + 2] ~= '' then redis.call('HSET', record(id), 'progress', ARGV[i + 2]) end
  end
  table.insert(answers, held and 1 or 0)
end
return answers
