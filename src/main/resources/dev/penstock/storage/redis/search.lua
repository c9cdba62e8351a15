-- Looks for a text in tasks. ARGV: now, the text, the text as it looks inside JSON (both in lower
-- case), the longest input to look into, then the ids. Answers the bytes of input looked at and
-- whether it was found (1 or 0), of each task.
local plain, escaped, longest = ARGV[2], ARGV[3], tonumber(ARGV[4])

local function has(text, part)
  return text and string.find(string.lower(text), part, 1, true)
end

local answers = {}
for i = 5, #ARGV do
  local id = ARGV[i]
  local looked = 0
  local errors = redis.call('HMGET', record(id), 'error_code', 'error_message')
  local found = has(id, plain) or has(errors[1], plain) or has(errors[2], plain)
    or has(redis.call('GET', metadata(id)), escaped)
  if not found then
    local length = redis.call('STRLEN', input(id))
    if length <= longest then
      looked = length
      local body = redis.call('GET', input(id))
      found = has(body, plain) or (plain ~= escaped and has(body, escaped))
    end
  end
  table.insert(answers, {looked, found and 1 or 0})
end
return answers
