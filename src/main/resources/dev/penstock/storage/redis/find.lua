-- Tells of tasks. ARGV: now, whether with input (1 or 0), and with output (1 or 0; more: with
-- outputs of up to so many bytes, and with the lengths of input and output), then the ids.
local most = tonumber(ARGV[3])
local answers = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local length = most > 1 and redis.call('STRLEN', output(id))
  local told = tell(id, ARGV[2] == '1', length and length <= most or most == 1)
  if told and length then
    told[5] = redis.call('STRLEN', input(id))
    told[6] = length
  end
  table.insert(answers, told)
end
return answers
