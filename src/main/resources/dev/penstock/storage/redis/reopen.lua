-- Lists a parent's children that failed or were cancelled as open. ARGV: now, parent. Answers them.
local family = families()
local id = ARGV[2]
local task = redis.call('HMGET', record(id), 'phase', 'lane')
local answers = {}
for state in string.gmatch(task[1] and 'FX' or '', '.') do
  for _, place in ipairs(redis.call('ZRANGEBYLEX', family.children(id), '[' .. state,
    '(' .. state .. '\255')) do
    family.change(id, place, 'O')
    table.insert(answers, string.sub(place, 2, 37))
  end
end
if #answers > 0 then family.relisted(id, task[2], task[1]) end
return answers
