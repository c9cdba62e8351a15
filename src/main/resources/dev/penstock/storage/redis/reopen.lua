-- Lists a parent's children that failed or were cancelled as open. ARGV: now, parent. Answers them.
local id = ARGV[2]
local task = redis.call('HMGET', record(id), 'phase', 'lane')
local answers = {}
for state in string.gmatch(task[1] and 'FX' or '', '.') do
  for _, place in ipairs(redis.call('ZRANGEBYLEX', children(id), '[' .. state,
    '(' .. state .. '\255')) do
    redis.call('ZREM', children(id), place)
    redis.call('ZADD', children(id), 0, 'O' .. string.sub(place, 2))
    table.insert(answers, string.sub(place, 2, 37))
  end
end
if #answers > 0 then relisted(id, task[2], task[1]) end
return answers
