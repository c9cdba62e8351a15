-- Ends runs, each once and only with its current token.
-- ARGV: now, then of each: id, token, ending (COMPLETED, FAILED, BACKOFF, RETURNED, WAITS or DIED),
-- delay, error code and message, format and bytes of the output; what an ending has not is empty, but
-- for the format BEGUN of one that is returned though its run had begun, and for that of one that
-- DIED, which is how many runs of it may be lost. One that is returned may have, as bytes, what that
-- costs and how much there is of it until an attempt is spent. Then the
-- number of arguments about its checkpoint (the state, and the children that are read), and those.
-- Of one that waits there follow: how many may be open when it is woken, its longest wait ('':
-- none), whether a failure wakes it (1 or 0), how many may be open at all, the number of its new
-- children, and id, key and message of each.
local function settle(id, token, ending, delay, code, message, format, bytes, kept, last)
  local task = redis.call('HMGET', record(id), 'phase', 'lane', 'seq', 'token', 'settled',
    'keep_completed', 'keep_failed', 'attempts', 'error_code', 'parent', 'open', 'checkpoint',
    'start_by', 'put_off')
  local phase, lane, seq, parent, open = task[1], task[2], task[3], task[10], task[11]
  if phase ~= 'RUNNING' or task[4] ~= token then
    return {token == task[5] and 'BEFORE' or 'STALE'}
  end
  local family = (open or task[12] or last >= kept or ending == 'WAITS') and families()
  local waiting = last + 1
  local new = ending == 'WAITS'
    and family.fresh(id, waiting + 5, waiting + 4 + 3 * ARGV[waiting + 4]) or {}
  if #new > 0 and (tonumber(open) or 0) + #new > tonumber(ARGV[waiting + 3]) then
    return {'TOO_MANY'}
  end

  local put_off
  if ending == 'RETURNED' and bytes ~= '' then
    local cost, most = string.match(bytes, '^(%d+) (%d+)$')
    put_off = (tonumber(task[14]) or 0) + tonumber(cost)
    if put_off > tonumber(most) then return {'PUT_OFF'} end
  end

  leave(id, lane, phase)
  if ending ~= 'RETURNED' or format == 'BEGUN' then
    begun(id, task[13])
  elseif task[13] then
    redis.call('ZADD', shard .. ':starting', task[13], id)
  end
  if code ~= '' then
    step(id, 'FAILED', phase, code, message)
    redis.call('HSET', record(id), 'error_code', code, 'error_message', message)
  end
  local spent = (ending == 'RETURNED' or ending == 'WAITS' or ending == 'DIED') and 0 or 1
  local attempts = (tonumber(task[8]) or 0) + spent
  if ending == 'DIED' then
    redis.call('HINCRBY', record(id), 'deaths', 1)
    if redis.call('HINCRBY', record(id), 'lost', 1) > tonumber(format) then ending = 'FAILED' end
  end
  if last >= kept and ending ~= 'COMPLETED' then
    family.keep(id, task[12], ARGV[kept])
    if family.read(id, kept + 1, last) then open = family.relisted(id, lane, phase) end
  end

  if ending == 'COMPLETED' then
    redis.call('HDEL', record(id), 'token', unpack(task[9] and {'error_code', 'error_message'} or {}))
    if task[12] then family.drop(id, task[12]) end
    redis.call('SET', output(id), bytes)
    grow(id, #bytes)
    finish(id, lane, ending, seq, parent, task[6], 'settled', token, 'attempts', attempts,
      'finished', now, 'format', format)
  elseif ending == 'FAILED' then
    redis.call('HDEL', record(id), 'token')
    finish(id, lane, ending, seq, parent, task[7], 'settled', token, 'attempts', attempts,
      'finished', now)
  elseif ending == 'WAITS' then
    redis.call('HDEL', record(id), 'token', 'started')
    family.add(id, new)
    open = family.relisted(id, lane, phase)
    if open > tonumber(ARGV[waiting]) then
      family.stay(id, lane, seq, 'settled', token, 'wake_at', ARGV[waiting],
        unpack(ARGV[waiting + 2] == '1' and {'wake_on_failure', 1} or {}))
      family.await(id, lane, ARGV[waiting + 1] == '' and '+inf' or plus(now, ARGV[waiting + 1]))
      return {'NOW', tell(id, false, false)}
    end
    enter(id, lane, 'READY', seq, now, 'settled', token, 'queued', now)
    return {'NOW', tell(id, true, false)}
  else
    local ready = tonumber(delay) <= 0
    redis.call('HDEL', record(id), 'token', 'started')
    if put_off then
      redis.call('HSET', record(id), 'put_off', string.format('%.0f', put_off))
    elseif spent == 1 and task[14] then
      redis.call('HDEL', record(id), 'put_off')
    end
    enter(id, lane, ready and 'READY' or 'SCHEDULED', seq, ready and now or plus(now, delay),
      'settled', token, 'attempts', attempts, 'queued', now)
    return {'NOW', tell(id, true, false)}
  end
  if open then family.part(id, lane, ending) end
  return {'NOW', tell(id, false, false)}
end

local answers = {}
local i = 2
while i <= #ARGV do
  local kept = i + 9
  local last = kept - 1 + tonumber(ARGV[i + 8])
  local id, token, ending = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  table.insert(answers, settle(id, token, ending, ARGV[i + 3], ARGV[i + 4], ARGV[i + 5],
    ARGV[i + 6], ARGV[i + 7], kept, last))
  i = last + 1
  if ending == 'WAITS' then i = i + 5 + 3 * tonumber(ARGV[i + 4]) end
end
return counted(answers)
