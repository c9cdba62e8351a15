-- Gives the chores to a node, or leaves them with the one that has them. ARGV: now, node, lease.
local held = redis.call('HMGET', shard, 'node', 'until')
if held[1] and held[1] ~= ARGV[2] and tonumber(held[2]) > tonumber(now) then
  return 0
end
redis.call('HSET', shard, 'node', ARGV[2], 'until', plus(now, ARGV[3]))
return tonumber(ARGV[3]) > 0 and 1 or 0
