-- What an index has after an id, by id. ARGV: now, the index, the id (''), how many.
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3] .. '\255'
local answers = {}
for _, entry in ipairs(redis.call('ZRANGEBYLEX', shard .. ':' .. ARGV[2], from, '+',
  'LIMIT', 0, ARGV[4])) do
  table.insert(answers, string.sub(entry, 1, 36))
end
return answers
