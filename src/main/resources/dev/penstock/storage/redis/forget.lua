-- forget
-- Forgets deleted tasks that no message can bring back any more. ARGV: now, how many at most.
local GONE = 100 -- as in delete
local gone = shard .. ':gone'
local n = math.min(redis.call('ZCOUNT', gone, '-inf', now), tonumber(ARGV[2]))
if n > 0 then
  redis.call('ZREMRANGEBYRANK', gone, 0, n - 1)
  grown = -GONE * n
end
return counted(n)
