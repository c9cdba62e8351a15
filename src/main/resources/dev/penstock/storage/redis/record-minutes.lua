-- Adds to what is known of minutes, and forgets old ones. ARGV: now, how long they are kept, then of
-- each: minute, lane, the number of arguments that follow, and fields with what to add to them.
local minutes = shard .. ':minutes'
local i = 3
while i <= #ARGV do
  local member = ARGV[i] .. ':' .. ARGV[i + 1]
  local first = i + 3
  redis.call('ZADD', minutes, ARGV[i], member)
  i = first + tonumber(ARGV[i + 2])
  for j = first, i - 1, 2 do
    redis.call('HINCRBY', shard .. ':minute:' .. member, ARGV[j], ARGV[j + 1])
  end
end
local forgotten = '(' .. plus(now, -tonumber(ARGV[2]))
for _, member in ipairs(redis.call('ZRANGEBYSCORE', minutes, '-inf', forgotten)) do
  redis.call('UNLINK', shard .. ':minute:' .. member)
end
redis.call('ZREMRANGEBYSCORE', minutes, '-inf', forgotten)
return 'OK'
