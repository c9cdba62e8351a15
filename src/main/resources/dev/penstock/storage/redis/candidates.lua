-- The first tasks of an index by time. ARGV: now, the index, which are meant (UPTO or BEFORE now
-- less a margin, ALL), the margin, how many. Answers id, time and the identity's name of each.
local last = '+inf'
if ARGV[3] == 'UPTO' then last = plus(now, -tonumber(ARGV[4])) end
if ARGV[3] == 'BEFORE' then last = '(' .. plus(now, -tonumber(ARGV[4])) end
local found = redis.call('ZRANGEBYSCORE', shard .. ':' .. ARGV[2], '-inf', last, 'WITHSCORES',
  'LIMIT', 0, ARGV[5])
local answers = {}
for i = 1, #found, 2 do
  local name = redis.call('HGET', record(found[i]), 'identity')
  table.insert(answers, {found[i], found[i + 1], name})
end
return answers
