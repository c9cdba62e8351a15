-- Ends runs, each once and only with its current token.
-- ARGV: now, then of each: id, token, ending (COMPLETED, FAILED, BACKOFF or RETURNED), delay, error
-- code and message, format and bytes of the output; what an ending has not is empty.
local function settle(id, token, ending, delay, code, message, format, bytes)
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'token', 'settled',
    'keep_completed', 'keep_failed', 'attempts', 'error_code')
  local phase, lane, seq = task[1], task[2], task[3]
  if phase ~= 'RUNNING' or task[4] ~= token then
    return {token == task[5] and 'BEFORE' or 'STALE'}
  end

  leave(id, lane, phase)
  if code ~= '' then
    step(id, 'FAILED', phase, code, message)
    redis.call('HSET', record(id), 'error_code', code, 'error_message', message)
  end
  local attempts = (tonumber(task[8]) or 0) + (ending == 'RETURNED' and 0 or 1)

  if ending == 'COMPLETED' then
    redis.call('HDEL', record(id), 'token', unpack(task[9] and {'error_code', 'error_message'} or {}))
    redis.call('SET', output(id), bytes)
    grow(id, #bytes)
    enter(id, lane, ending, seq, plus(now, task[6]), 'settled', token, 'attempts', attempts,
      'finished', now, 'format', format)
  elseif ending == 'FAILED' then
    redis.call('HDEL', record(id), 'token')
    enter(id, lane, ending, seq, plus(now, task[7]), 'settled', token, 'attempts', attempts,
      'finished', now)
  else
    local ready = tonumber(delay) <= 0
    redis.call('HDEL', record(id), 'token', 'started')
    enter(id, lane, ready and 'READY' or 'SCHEDULED', seq, ready and now or plus(now, delay),
      'settled', token, 'attempts', attempts, 'queued', now)
    return {'NOW', tell(id, true, false)}
  end
  return {'NOW', tell(id, false, false)}
end

local answers = {}
for i = 2, #ARGV, 8 do table.insert(answers, settle(unpack(ARGV, i, i + 7))) end
return counted(answers)
