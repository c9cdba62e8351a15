-- Makes a list by owner of what is in a phase and lane. ARGV: now, the list (phase:lane), what to do,
-- from where, how many to look at. ADD: what is missing, by number; DROP: what is no more in the
-- phase and lane, which a node of a version without such lists can leave. Answers from where to go
-- on; empty: that was all, and with ADD also whether something is to be dropped (1 or 0).
local all, own = shard .. ':in:' .. ARGV[2], shard .. ':own:' .. ARGV[2]
local phase, lane = string.match(ARGV[2], '^(%u+):(.*)$')
local from, most = ARGV[4], tonumber(ARGV[5])

if ARGV[3] == 'ADD' then
  redis.call('SETNX', shard .. ':owned', now)
  local part = redis.call('ZRANGEBYSCORE', all, from == '' and '-inf' or from, '+inf',
    'WITHSCORES', 'LIMIT', 0, most)
  for i = 1, #part, 2 do
    if redis.call('EXISTS', record(part[i])) == 1 then by_owner(part[i], lane, phase, true) end
  end
  if #part < 2 * most then
    return {'', redis.call('ZCARD', own) > redis.call('ZCARD', all) and 1 or 0}
  end
  local last = part[#part]
  return {last == from and plus(last, 1) or last, 0}
end

local part = redis.call('ZRANGEBYLEX', own, from == '' and '-' or '(' .. from, '+',
  'LIMIT', 0, most)
for _, place in ipairs(part) do
  if not redis.call('ZSCORE', all, string.sub(place, -36)) then redis.call('ZREM', own, place) end
end
return {#part < most and '' or part[#part], 0}
