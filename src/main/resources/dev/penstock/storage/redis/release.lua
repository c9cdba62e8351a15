-- Frees identities that still belong to the tasks named. ARGV: now, then name and id of each.
for i = 2, #ARGV, 2 do
  local key = shard .. ':identity:' .. ARGV[i]
  if redis.call('HGET', key, 'id') == ARGV[i + 1] then redis.call('DEL', key) end
end
return 'OK'
