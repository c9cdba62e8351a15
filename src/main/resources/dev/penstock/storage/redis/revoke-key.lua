-- Revokes an API key. Arguments: its id, and when. Answers its record in a list; false: not known.
local id, at = ARGV[2], ARGV[3]
local by_hash, ids, revoked = shard .. ':by-hash', shard .. ':ids', shard .. ':revoked'

local hash = redis.call('HGET', ids, id)
if not hash then return {false} end
local text = redis.call('HGET', by_hash, hash)
local key = cjson.decode(text)
if not key.revoked then
  key.revoked = at
  text = cjson.encode(key)
  -- A removal first, so that it is let through when the memory is full.
  redis.call('HDEL', by_hash, hash)
  redis.call('HSET', by_hash, hash, text)
  redis.call('ZADD', revoked, at, id)
end
return {text}
