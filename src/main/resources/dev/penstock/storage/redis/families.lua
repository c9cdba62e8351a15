-- What those scripts share that change what parents know of their children. A parent's list is a
-- sorted set beside its record, every score 0, so that its members stand in the order of their
-- bytes: a letter for the state, the child's id and its key. The letters: N new, O open, C
-- completed, F failed, X cancelled. The record's field open says how many are new or open; a task
-- that does not have the field has no list. A parent that waits is RUNNING without a token, has the
-- field wake_at, and stands in :awaiting.
--
-- All in one function, which is called where it is needed: making so many functions takes several
-- microseconds, which no task without a family is to pay for.
local function families()
  local ENTRY = 200 -- bytes that a place in a list takes, about

  local function children(id) return shard .. ':children:' .. id end
  local function specs(id) return shard .. ':specs:' .. id end

  -- A child's place in the list, if that is its state; nil: it is not.
  local function listed(id, state, child)
    local first = state .. child
    return redis.call('ZRANGEBYLEX', children(id), '[' .. first, '(' .. first .. '\255',
      'LIMIT', 0, 1)[1]
  end

  -- A child's place in the list in whichever of the states; nil: in none of them.
  local function listed_as(id, states, child)
    for state in string.gmatch(states, '.') do
      local place = listed(id, state, child)
      if place then return place end
    end
  end

  local function ended(phase)
    return phase == 'COMPLETED' or phase == 'FAILED' or phase == 'CANCELLED'
  end

  local function waits(phase, token, wake_at)
    return phase == 'RUNNING' and not token and wake_at
  end

  -- Counts waiting parents apart: older versions read the other counters, where they are RUNNING.
  local function await(id, lane, at)
    if redis.call('ZADD', shard .. ':awaiting', at, id) == 1 then
      redis.call('HINCRBY', shard .. ':waits', lane, 1)
    end
  end

  local function await_no_more(id, lane)
    if redis.call('ZREM', shard .. ':awaiting', id) == 1
      and redis.call('HINCRBY', shard .. ':waits', lane, -1) <= 0 then
      redis.call('HDEL', shard .. ':waits', lane)
    end
    redis.call('HDEL', record(id), 'wake_at', 'wake_on_failure')
  end

  local function wake(id, lane, seq)
    await_no_more(id, lane)
    leave(id, lane, 'RUNNING')
    enter(id, lane, 'READY', seq, now, 'queued', now)
  end

  -- Ends every change of the list of a task whose record is there: what else tells of it follows.
  local function relisted(id, lane, phase)
    local all = redis.call('ZCARD', children(id))
    local open = redis.call('ZLEXCOUNT', children(id), '[N', '(P')
    if all > 0 and not ended(phase) then
      redis.call('ZADD', shard .. ':parents', 0, id .. lane)
    else
      redis.call('ZREM', shard .. ':parents', id .. lane)
    end
    if open > 0 and ended(phase) then
      redis.call('ZADD', shard .. ':abandoned', 'NX', now, id)
    else
      redis.call('ZREM', shard .. ':abandoned', id)
    end
    if all > 0 then
      redis.call('HSET', record(id), 'open', open)
    else
      redis.call('HDEL', record(id), 'open')
    end
    return open
  end

  local function change(id, place, letter)
    redis.call('ZREM', children(id), place)
    redis.call('ZADD', children(id), 0, letter .. string.sub(place, 2))
  end

  -- A child is not to be inserted any more: what it was to be made of goes. Returns its bytes.
  local function unspecified(id, child)
    local bytes = redis.call('HSTRLEN', specs(id), child)
    redis.call('HDEL', specs(id), child)
    if redis.call('EXISTS', specs(id)) == 0 then
      redis.call('ZREM', shard .. ':inserting', id)
    end
    return bytes
  end

  -- Takes what is read off the list: the children named by arguments, as far as they have ended.
  local function read(id, first, last)
    local gone = 0
    for i = first, last do
      local place = listed_as(id, 'CFX', ARGV[i])
      if place then gone = gone + redis.call('ZREM', children(id), place) end
    end
    if gone > 0 then grow(id, -ENTRY * gone) end
    return gone > 0
  end

  -- Keeps a checkpoint. {before}: bytes of the one it had.
  local function keep(id, before, state)
    redis.call('SET', checkpoint(id), state)
    redis.call('HSET', record(id), 'checkpoint', #state)
    grow(id, #state - (tonumber(before) or 0))
  end

  local function drop(id, before)
    redis.call('UNLINK', checkpoint(id))
    redis.call('HDEL', record(id), 'checkpoint', 'numbered')
    grow(id, -tonumber(before))
  end

  local function open_new(id)
    for _, place in ipairs(redis.call('ZRANGEBYLEX', children(id), '[N', '(O')) do
      change(id, place, 'O')
    end
  end

  -- A parent has ended: it waits no more, and its open children are to be cancelled. The new ones
  -- are among them, for their tasks may be there by now. A completed one is not run again, so those
  -- that have ended need not be listed.
  local function part(id, lane, phase)
    await_no_more(id, lane)
    redis.call('ZREM', shard .. ':inserting', id)
    local bytes = 0
    for _, child in ipairs(redis.call('HKEYS', specs(id))) do
      bytes = bytes + redis.call('HSTRLEN', specs(id), child)
    end
    redis.call('UNLINK', specs(id))
    open_new(id)
    local gone = 0
    if phase == 'COMPLETED' then
      gone = redis.call('ZREMRANGEBYLEX', children(id), '-', '(N')
        + redis.call('ZREMRANGEBYLEX', children(id), '(P', '+')
    end
    grow(id, -bytes - ENTRY * gone)
    relisted(id, lane, phase)
  end

  -- A parent is no more: of its list those stay that are open, until they are cancelled.
  local function forget(id, lane)
    await_no_more(id, lane)
    redis.call('ZREM', shard .. ':parents', id .. lane)
    redis.call('ZREM', shard .. ':inserting', id)
    redis.call('UNLINK', specs(id), checkpoint(id))
    open_new(id)
    redis.call('ZREMRANGEBYLEX', children(id), '-', '(O')
    redis.call('ZREMRANGEBYLEX', children(id), '(P', '+')
    if redis.call('EXISTS', children(id)) == 1 then
      redis.call('ZADD', shard .. ':abandoned', 'NX', now, id)
    else
      redis.call('ZREM', shard .. ':abandoned', id)
    end
  end

  -- Those of the children (of arguments, three each) that the list does not have.
  local function fresh(id, first, last)
    local ones, seen = {}, {}
    for i = first, last, 3 do
      local child = ARGV[i]
      if not seen[child] and not listed_as(id, 'NOCFX', child) then table.insert(ones, i) end
      seen[child] = true
    end
    return ones
  end

  local function add(id, new)
    local bytes = 0
    for _, i in ipairs(new) do
      redis.call('ZADD', children(id), 0, 'N' .. ARGV[i] .. ARGV[i + 1])
      redis.call('HSET', specs(id), ARGV[i], ARGV[i + 2])
      bytes = bytes + ENTRY + #ARGV[i + 2]
    end
    if #new > 0 then
      redis.call('ZADD', shard .. ':inserting', 'NX', now, id)
      grow(id, bytes)
    end
  end

  -- It waits: as running, but without a lease and so without a deadline.
  local function stay(id, lane, seq, ...)
    redis.call('HSET', record(id), 'phase', 'RUNNING', ...)
    redis.call('ZADD', shard .. ':in:RUNNING:' .. lane, seq, id)
    by_owner(id, lane, 'RUNNING', true)
    move('RUNNING', lane, 1)
  end

  return {
    ENTRY = ENTRY, change = change,
    children = children, specs = specs, listed = listed, listed_as = listed_as, ended = ended,
    waits = waits, await = await, await_no_more = await_no_more, wake = wake, relisted = relisted,
    unspecified = unspecified, read = read, keep = keep, drop = drop, part = part,
    forget = forget, fresh = fresh, add = add, stay = stay,
  }
end

