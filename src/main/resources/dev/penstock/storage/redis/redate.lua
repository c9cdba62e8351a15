-- Has tasks that wait for a time of the wall clock wait for it as the clock is now. Others wait for a
-- delay, or to be tried again. ARGV: now, how far the clock is ahead, then the ids.
for i = 3, #ARGV do
  local task = redis.call('HMGET', record(ARGV[i]), 'run_at', 'attempts')
  if task[1] and not task[2] and string.sub(task[1], -3) == '000' then
    redis.call('ZADD', shard .. ':due', 'XX', plus(task[1], -tonumber(ARGV[2])), ARGV[i])
  end
end
return 'OK'
