-- Ends a run, once and only with the current token.
-- ARGV: now, id, token, ending (COMPLETED, FAILED, BACKOFF or RETURNED), delay, error code and
-- message, format and bytes of the output; what an ending has not is empty.
local _, id, token, ending, delay, code, message, format, bytes = unpack(ARGV)
local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'token', 'settled',
  'keep_completed', 'keep_failed')
local phase, lane, seq = task[1], task[2], task[3]
if phase ~= 'RUNNING' or task[4] ~= token then
  return {token == task[5] and 'BEFORE' or 'STALE'}
end

leave(id, lane, phase)
if code ~= '' then
  step(id, 'FAILED', phase, code, message)
  redis.call('HSET', record(id), 'error_code', code, 'error_message', message)
end
redis.call('HDEL', record(id), 'token')
redis.call('HSET', record(id), 'settled', token)
if ending ~= 'RETURNED' then redis.call('HINCRBY', record(id), 'attempts', 1) end

if ending == 'COMPLETED' then
  redis.call('HDEL', record(id), 'error_code', 'error_message')
  redis.call('HSET', record(id), 'finished', now, 'format', format)
  redis.call('SET', output(id), bytes)
  grow(id, #bytes)
  enter(id, lane, ending, seq, plus(now, task[6]))
elseif ending == 'FAILED' then
  redis.call('HSET', record(id), 'finished', now)
  enter(id, lane, ending, seq, plus(now, task[7]))
else
  local ready = tonumber(delay) <= 0
  redis.call('HDEL', record(id), 'started')
  redis.call('HSET', record(id), 'queued', now)
  enter(id, lane, ready and 'READY' or 'SCHEDULED', seq, ready and now or plus(now, delay))
  return {'NOW', tell(id, true, false)}
end
return {'NOW', tell(id, false, false)}
