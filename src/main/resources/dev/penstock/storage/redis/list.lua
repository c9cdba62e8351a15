-- The newest tasks of some lists, merged. ARGV: now, the place after which to begin (seq and id),
-- owner ('': any), how many to look at, then the lists (phase:lane). Answers whether there are
-- more, the seq and id of the last one looked at, and id and seq of each one found.
local before, before_id, owner, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local all = {}
local more = false
for i = 6, #ARGV do
  local part = redis.call('ZREVRANGEBYSCORE', shard .. ':in:' .. ARGV[i], before, '-inf',
    'WITHSCORES', 'LIMIT', 0, most + 1)
  more = more or #part == 2 * (most + 1)
  for j = 1, #part, 2 do
    if part[j + 1] ~= before or part[j] < before_id then
      table.insert(all, {id = part[j], seq = part[j + 1], n = tonumber(part[j + 1])})
    end
  end
end
table.sort(all, function(a, b)
  if a.n == b.n then return a.id > b.id end
  return a.n > b.n
end)

local looked = math.min(most, #all)
local last = all[looked] or {seq = before, id = before_id}
local answers = {(more or #all > looked) and 1 or 0, last.seq, last.id}
for i = 1, looked do
  if owner == '' or redis.call('HGET', record(all[i].id), 'owner') == owner then
    table.insert(answers, all[i].id)
    table.insert(answers, all[i].seq)
  end
end
return answers
