-- Tells of tasks. ARGV: now, whether with input and with output (1 or 0), then the ids.
local answers = {}
for i = 4, #ARGV do
  table.insert(answers, tell(ARGV[i], ARGV[2] == '1', ARGV[3] == '1'))
end
return answers
