-- The counters, since when the oldest ready task of each lane waits, and how many parents wait.
local all = redis.call('HGETALL', counts)
local oldest = {}
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 6) == 'READY:' then
    local lane = string.sub(all[i], 7)
    local first = redis.call('ZRANGE', index('READY', lane), 0, 0, 'WITHSCORES')
    if first[2] then
      table.insert(oldest, lane)
      table.insert(oldest, first[2])
    end
  end
end
return {all, oldest, redis.call('HGETALL', shard .. ':waits')}
