-- Keeps new tasks; one that is known stays as it is.
-- ARGV: now, then of each task: id, lane, seq, run_at ('': at once), deadline, metadata, input, the
-- number of arguments that follow, and fields with their values. After its deadline ('': none), or
-- where it cannot be told, a task is not taken: its identity may be another's by then. Of others it tells
-- when they were created. The run_at here is by the store's time.
local OVERHEAD = 1000 -- bytes that a task's keys and places in the indexes take, about

-- Since when this shard has kept what it was told: it is gone when the shard is emptied.
redis.call('SETNX', shard .. ':began', now)
local answers = {}
local i = 2
while i <= #ARGV do
  local id, lane, seq, run_at, deadline = unpack(ARGV, i, i + 4)
  local meta, body, n = ARGV[i + 5], ARGV[i + 6], tonumber(ARGV[i + 7])
  local first = i + 8
  i = first + n
  local gone = redis.call('ZSCORE', shard .. ':gone', id)
  if gone and ARGV[first] == 'parent' then -- asked for once more
    redis.call('ZREM', shard .. ':gone', id)
    grown = grown - 100 -- as in delete
    gone = false
  end
  local created = redis.call('HGET', record(id), 'created')
  if created or gone then -- gone: it was kept, has ended and was deleted
    table.insert(answers, created or now)
  elseif deadline ~= '' and (not expected or tonumber(now) > tonumber(deadline)) then
    table.insert(answers, 'LATE')
  else
    local ready = run_at == '' or tonumber(run_at) <= tonumber(now)
    local size = OVERHEAD + #meta + #body
    enter(id, lane, ready and 'READY' or 'SCHEDULED', seq, ready and now or run_at, 'lane', lane,
      'seq', seq, 'created', now, 'queued', now, 'size', size, unpack(ARGV, first, i - 1))
    if ARGV[i - 2] == 'start_by' then redis.call('ZADD', shard .. ':starting', ARGV[i - 1], id) end
    if ARGV[first] == 'parent' then
      redis.call('ZADD', shard .. ':of:' .. ARGV[first + 1], seq, id)
    end
    if meta ~= '{}' then redis.call('SET', metadata(id), meta) end
    if body ~= '' then redis.call('SET', input(id), body) end
    grown = grown + size
    table.insert(answers, now)
  end
end
return counted(answers)
