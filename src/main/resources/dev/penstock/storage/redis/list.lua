-- The newest tasks of some lists, merged. ARGV: now, the place after which to begin (seq and id),
-- owner ('': any), how many to look at, whose children ('': anybody's and nobody's), then the lists
-- (phase:lane). Answers whether there are more, the seq and id of the last one looked at, and id and
-- seq of each one found.
local before, before_id, owner, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local parent = ARGV[6]
local all, keys, meant = {}, {}, {}
local more = false
if parent == '' then
  for i = 7, #ARGV do table.insert(keys, shard .. ':in:' .. ARGV[i]) end
else
  table.insert(keys, shard .. ':of:' .. parent)
  for i = 7, #ARGV do meant[ARGV[i]] = true end
end
for _, key in ipairs(keys) do
  local part = redis.call('ZREVRANGEBYSCORE', key, before, '-inf',
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

local function listed(id)
  if parent == '' then
    return owner == '' or redis.call('HGET', record(id), 'owner') == owner
  end
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'owner')
  if not task[1] then redis.call('ZREM', keys[1], id) end -- an older version has deleted it
  return task[1] and meant[task[1] .. ':' .. task[2]] and (owner == '' or task[3] == owner)
end

for i = 1, looked do
  if listed(all[i].id) then
    table.insert(answers, all[i].id)
    table.insert(answers, all[i].seq)
  end
end
return answers
