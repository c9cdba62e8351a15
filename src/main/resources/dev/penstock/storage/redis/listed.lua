-- Whether parents still need their children. ARGV: now, then parent and child of each (1 or 0).
local family = families()
local answers = {}
for i = 2, #ARGV, 2 do
  local phase = redis.call('HGET', record(ARGV[i]), 'phase')
  local needed = phase and phase ~= 'COMPLETED' and family.listed_as(ARGV[i], 'OCFXN', ARGV[i + 1])
  table.insert(answers, needed and 1 or 0)
end
return answers
