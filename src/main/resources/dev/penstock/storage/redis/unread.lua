-- Children that have ended and are not read, by id. ARGV: now, parent, the id after which to begin
-- (''), how many. Answers how many are open, whether there are more, and the places of each.
local family = families()
local id, after, most = ARGV[2], ARGV[3], tonumber(ARGV[4])
local all = {}
for state in string.gmatch('CFX', '.') do
  local from = after == '' and '[' .. state or '(' .. state .. after .. '\255'
  for _, place in ipairs(redis.call('ZRANGEBYLEX', family.children(id), from, '(' .. state .. '\255',
    'LIMIT', 0, most + 1)) do table.insert(all, place) end
end
table.sort(all, function(a, b) return string.sub(a, 2) < string.sub(b, 2) end)
local answers = {redis.call('ZLEXCOUNT', family.children(id), '[N', '(P'), #all > most and 1 or 0}
for i = 1, math.min(most, #all) do table.insert(answers, all[i]) end
return answers
