-- Adds an API key. Arguments: its hash, id, owner ('': it submits nothing) and record, and how many
-- there may be.
local hash, id, owner, text, most = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local by_hash, ids, owners = shard .. ':by-hash', shard .. ':ids', shard .. ':owners'
local revoked = shard .. ':revoked'

if redis.call('HEXISTS', by_hash, hash) == 1 then return 'NOW' end
if owner ~= '' and redis.call('SCARD', owners) >= most
  and redis.call('SISMEMBER', owners, owner) == 0 then
  return 'TOO_MANY_OWNERS'
end
if redis.call('HLEN', by_hash) >= most then
  local first = redis.call('ZRANGE', revoked, 0, 0)[1]
  if not first then return 'TOO_MANY_KEYS' end
  redis.call('HDEL', by_hash, redis.call('HGET', ids, first))
  redis.call('HDEL', ids, first)
  redis.call('ZREM', revoked, first)
end
redis.call('HSET', by_hash, hash, text)
redis.call('HSET', ids, id, hash)
if owner ~= '' then redis.call('SADD', owners, owner) end
return 'NOW'
