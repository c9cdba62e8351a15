-- Tells the server's own time, until when somebody has the chores, and how far its clock was ahead
-- since when. ARGV: now (the server's), then the newest that the caller knows of this ('': nothing) and
-- what is to follow it.
local changes = shard .. ':clock'
if ARGV[2] and ARGV[2] == (redis.call('LINDEX', changes, -1) or '') then
  redis.call('RPUSH', changes, ARGV[3])
  redis.call('LTRIM', changes, -50, -1)
end
return {now, redis.call('HGET', shard, 'until'), redis.call('LRANGE', changes, 0, -1)}
