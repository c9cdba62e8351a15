-- The newest tasks of some lists, merged. ARGV: now, the place after which to begin (seq and id),
-- owner ('': any), how many to look at, whose children ('': anybody's and nobody's), the id that all
-- are older than ('': none), then the lists (phase:lane). Answers whether there are more, the seq
-- and id of the last one looked at, whether others' tasks had to be looked at because there is no
-- list by owner (1 or 0), and id and seq of each one found.
local before, before_id, owner, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local parent, newer = ARGV[6], ARGV[7]
local FEW = 64 -- so many of a shard may be looked at without a list by owner
local all, lists, meant = {}, {}, {}
local more, wanting = false, false
if parent == '' then
  for i = 8, #ARGV do table.insert(lists, ':' .. ARGV[i]) end
else
  for i = 8, #ARGV do meant[ARGV[i]] = true end
end

local function found(id, seq, list)
  table.insert(all, {id = id, seq = seq, n = tonumber(seq), list = list})
end

-- Of a list in the order of seq and id, whoever they belong to.
local function look(key)
  local part = redis.call('ZREVRANGEBYSCORE', key, before, '-inf',
    'WITHSCORES', 'LIMIT', 0, most + 1)
  more = more or #part == 2 * (most + 1)
  for j = 1, #part, 2 do
    if part[j + 1] ~= before or part[j] < before_id then found(part[j], part[j + 1]) end
  end
end

local function look_at_own(list)
  local last = '(' .. owner .. '\1'
  if before ~= '+inf' then
    last = '(' .. owner .. '\0' .. string.rep('0', 20 - #before) .. before .. '\0' .. before_id
  end
  local part = redis.call('ZREVRANGEBYLEX', shard .. ':own' .. list, last, '(' .. owner .. '\0',
    'LIMIT', 0, most + 1)
  more = more or #part == most + 1
  for _, place in ipairs(part) do
    found(string.sub(place, -36), string.match(string.sub(place, -57, -38), '^0*(%d+)$'), list)
  end
end

if parent ~= '' then look(shard .. ':of:' .. parent) end
for _, list in ipairs(lists) do
  local size = redis.call('ZCARD', shard .. ':in' .. list)
  if owner ~= '' and size > 0 and redis.call('ZCARD', shard .. ':own' .. list) == size then
    look_at_own(list)
  else
    look(shard .. ':in' .. list)
    wanting = wanting or (owner ~= '' and size > FEW)
  end
end
table.sort(all, function(a, b)
  if a.n == b.n then return a.id > b.id end
  return a.n > b.n
end)

local looked = math.min(most, #all)
local last = all[looked] or {seq = before, id = before_id}

local function listed(task)
  if newer ~= '' and task.id >= newer then return false end
  if parent == '' and owner == '' then return true end
  local known = redis.call('HMGET', record(task.id), 'phase', 'lane', 'owner')
  local list = known[1] and known[1] .. ':' .. known[2]
  if parent ~= '' then
    if not list then
      redis.call('ZREM', shard .. ':of:' .. parent, task.id) -- an older version has deleted it
    end
    return list and meant[list] and (owner == '' or known[3] == owner)
  end
  if task.list and task.list ~= ':' .. (list or '') then -- an older version has changed it
    wanting = true
    return false
  end
  return known[3] == owner
end

local ids = {}
for i = 1, looked do
  if listed(all[i]) then
    table.insert(ids, all[i].id)
    table.insert(ids, all[i].seq)
  end
end
return {(more or #all > looked) and 1 or 0, last.seq, last.id, wanting and 1 or 0, unpack(ids)}
