-- Looks at children that are kept without an expiry. ARGV: now, then the ids. Answers the parent of
-- each; false: it is not kept any more.
local family = families()
local answers = {}
for i = 2, #ARGV do
  local task = redis.call('HMGET', record(ARGV[i]), 'phase', 'parent')
  if not family.ended(task[1]) then -- an older version has deleted it, or has made it ready again
    redis.call('ZREM', shard .. ':kept', ARGV[i])
  end
  table.insert(answers, family.ended(task[1]) and task[2])
end
return answers
