-- Prolongs leases. ARGV: now, lease, then of each task: id, token, progress ('': none to tell), the
-- number of arguments about its checkpoint (the state, and the children that are read), and those.
local answers = {}
local i = 3
while i <= #ARGV do
  local id = ARGV[i]
  local first = i + 4
  local last = first - 1 + tonumber(ARGV[i + 3])
  local task = redis.call('HMGET', record(id), 'phase', 'token', 'lane', 'checkpoint')
  local held = task[1] == 'RUNNING' and task[2] == ARGV[i + 1]
  if held then
    redis.call('ZREM', shard .. ':leased', id) -- first, as in leave: this must fit
    redis.call('ZADD', shard .. ':leased', plus(now, ARGV[2]), id)
    if ARGV[i + 2] ~= '' then redis.call('HSET', record(id), 'progress', ARGV[i + 2]) end
    if last >= first then
      local family = families()
      family.keep(id, task[4], ARGV[first])
      if family.read(id, first + 1, last) then family.relisted(id, task[3], task[1]) end
    end
  end
  table.insert(answers, held and 1 or 0)
  i = last + 1
end
return counted(answers)
