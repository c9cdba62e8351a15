-- Prolongs leases. ARGV: now, lease, then of each task: id, token, progress ('': none to tell), its
-- checkpoint's number (0: nobody counts), the number of arguments about that (the state, and the
-- children that are read), and those. The record's field numbered has the newest that was kept, and of
-- which run: an extension that was held up on its way does not put an older one in its place.
local answers = {}
local i = 3
while i <= #ARGV do
  local id = ARGV[i]
  local first = i + 5
  local last = first - 1 + tonumber(ARGV[i + 4])
  local task = redis.call('HMGET', record(id), 'phase', 'token', 'lane', 'checkpoint', 'runs',
    'numbered')
  local held = task[1] == 'RUNNING' and task[2] == ARGV[i + 1]
  if held then
    redis.call('ZREM', shard .. ':leased', id) -- first, as in leave: this must fit
    redis.call('ZADD', shard .. ':leased', plus(now, ARGV[2]), id)
    if ARGV[i + 2] ~= '' then redis.call('HSET', record(id), 'progress', ARGV[i + 2]) end
    local number, run = tonumber(ARGV[i + 3]), (task[5] or '') .. ' '
    local newest = task[6] and string.sub(task[6], 1, #run) == run and string.sub(task[6], #run + 1)
    if last >= first and (number == 0 or number >= tonumber(newest or 0)) then
      local family = families()
      family.keep(id, task[4], ARGV[first])
      if number > 0 then redis.call('HSET', record(id), 'numbered', run .. ARGV[i + 3]) end
      if family.read(id, first + 1, last) then family.relisted(id, task[3], task[1]) end
    end
  end
  table.insert(answers, held and 1 or 0)
  i = last + 1
end
return counted(answers)
