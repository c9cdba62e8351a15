-- drop-input
-- Drops the inputs of cancelled tasks, which cannot be run again then. ARGV: now, then the ids.
-- Answers whether each had one (1 or 0).
local answers = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local bytes = redis.call('STRLEN', input(id))
  if bytes > 0 and redis.call('HGET', record(id), 'phase') == 'CANCELLED'
    and redis.call('ZSCORE', shard .. ':expiring', id) then
    redis.call('UNLINK', input(id))
    redis.call('HSET', record(id), 'input_gone', 1)
    grow(id, -bytes)
    table.insert(answers, 1)
  else
    table.insert(answers, 0)
  end
end
return counted(answers)
