-- What happened in minutes. ARGV: now, then their names (minute:lane).
local answers = {}
for i = 2, #ARGV do
  table.insert(answers, redis.call('HGETALL', shard .. ':minute:' .. ARGV[i]))
end
return answers
