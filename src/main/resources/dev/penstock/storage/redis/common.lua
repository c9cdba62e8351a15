-- What every script begins with. KEYS[1] names the shard, for example penstock:{s07}: every key a
-- script touches starts with it and so shares its slot. ARGV[1] is the time in microseconds; empty:
-- the server's own. In place of it come two numbers, "expected:ahead": it is the server's less what
-- its clock is ahead; where that is not what the caller expects, by {OFF} or more, the clock was set
-- and it is what is expected. Times are kept as text, for as numbers they would be written 1.7e+15.
local OFF = 15000000
local shard = KEYS[1]
local counts = shard .. ':counts'
local now, expected, wall = ARGV[1], true, nil
local colon = string.find(now, ':', 1, true)
if now == '' or colon then
  local time = redis.call('TIME')
  local server = time[1] .. string.format('%06d', time[2])
  if colon then
    local caller = string.sub(now, 1, colon - 1)
    local micros = tonumber(server) - tonumber(string.sub(now, colon + 1))
    expected = math.abs(micros - tonumber(caller)) < OFF
    now = expected and string.format('%.0f', micros) or caller
    wall = string.format('%.0f', tonumber(now) + tonumber(string.sub(ARGV[1], colon + 1)))
  else
    now = server
  end
end
wall = wall or now -- what a start_before is compared with

local function record(id) return shard .. ':task:' .. id end
local function input(id) return shard .. ':input:' .. id end
local function output(id) return shard .. ':output:' .. id end
local function metadata(id) return shard .. ':metadata:' .. id end
local function steps(id) return shard .. ':steps:' .. id end
local function checkpoint(id) return shard .. ':checkpoint:' .. id end

local function plus(time, micros)
  return string.format('%.0f', tonumber(time) + tonumber(micros))
end

-- The index that a phase has besides its list: by what its tasks wait for.
local function index(phase, lane)
  if phase == 'READY' then return shard .. ':waiting:' .. lane end
  if phase == 'SCHEDULED' then return shard .. ':due' end
  if phase == 'RUNNING' then return shard .. ':leased' end
  return shard .. ':expiring'
end

-- Beside the list of each phase and lane there is one by owner, then number: every score is 0, so
-- that its members stand in the order of their bytes. They are kept from when an owner's list was
-- asked for that others' tasks made long: until then no task pays for them.
local owned

local function by_owner(id, lane, phase, enters)
  if owned == nil then owned = redis.call('EXISTS', shard .. ':owned') == 1 end
  if not owned then return end
  local task = redis.call('HMGET', record(id), 'owner', 'seq')
  local place = task[1] .. '\0' .. string.rep('0', 20 - #task[2]) .. task[2] .. '\0' .. id
  local list = shard .. ':own:' .. phase .. ':' .. lane
  if enters then redis.call('ZADD', list, 0, place) else redis.call('ZREM', list, place) end
end

-- A task that is to begin by a time stands in :starting while it waits. One that has begun has no
-- such time any more.
local function begun(id, start_by)
  if not start_by then return end
  redis.call('ZREM', shard .. ':starting', id)
  redis.call('HDEL', record(id), 'start_by')
end

-- What a script has changed so far of the shard's counters, by phase and lane, and of its bytes:
-- written once, by counted.
local moved, grown = {}, 0

local function move(phase, lane, by)
  local field = phase .. ':' .. lane
  moved[field] = (moved[field] or 0) + by
end

-- Removes come first: they are let through when the memory is full, and what a script has begun is
-- never refused halfway.
local function leave(id, lane, phase)
  redis.call('ZREM', index(phase, lane), id)
  redis.call('ZREM', shard .. ':in:' .. phase .. ':' .. lane, id)
  by_owner(id, lane, phase, false)
  if phase == 'COMPLETED' then redis.call('ZREM', shard .. ':completed', id) end
  move(phase, lane, -1)
end

-- With further fields of the record and their values: each command costs, so all go in one.
local function enter(id, lane, phase, seq, at, ...)
  redis.call('HSET', record(id), 'phase', phase, ...)
  redis.call('ZADD', index(phase, lane), at, id)
  redis.call('ZADD', shard .. ':in:' .. phase .. ':' .. lane, seq, id)
  by_owner(id, lane, phase, true)
  if phase == 'COMPLETED' then redis.call('ZADD', shard .. ':completed', now, id) end
  move(phase, lane, 1)
end

local function grow(id, bytes)
  if bytes == 0 then return end -- it might be written -0, which is no integer
  redis.call('HINCRBY', record(id), 'size', bytes)
  grown = grown + bytes
end

-- A task has ended. A child ({parent} is set) is kept without an expiry, until it is let go.
local function finish(id, lane, phase, seq, parent, keep, ...)
  if not parent then return enter(id, lane, phase, seq, plus(now, keep), ...) end
  redis.call('HSET', record(id), 'phase', phase, ...)
  redis.call('ZADD', shard .. ':kept', 0, id)
  redis.call('ZADD', shard .. ':in:' .. phase .. ':' .. lane, seq, id)
  by_owner(id, lane, phase, true)
  move(phase, lane, 1)
end

-- Every script that lets tasks leave, enter or grow ends with it. Gives the answers back.
local function counted(answers)
  for field, by in pairs(moved) do
    if by ~= 0 and redis.call('HINCRBY', counts, field, by) <= 0 then
      redis.call('HDEL', counts, field)
    end
  end
  local bytes = shard .. ':bytes'
  if grown ~= 0 and redis.call('INCRBY', bytes, grown) <= 0 then redis.call('DEL', bytes) end
  return answers
end

-- Adds to what a task went through, before it changes: its run, if it has one, is what ends here.
-- The newest 100 are kept: Step.MOST.
local function step(id, kind, phase, code, message)
  local entry = {kind = kind, at = now, code = code, message = message}
  if phase == 'RUNNING' then
    local run = redis.call('HMGET', record(id), 'started', 'worker')
    entry.started = run[1] or nil
    entry.worker = run[2] or nil
  end
  local text = cjson.encode(entry)
  if redis.call('RPUSH', steps(id), text) > 100 then
    redis.call('LTRIM', steps(id), -100, -1)
  else
    grow(id, #text)
  end
end

-- A task as the store reads it: its fields, metadata, input and output; false: not known.
local function tell(id, with_input, with_output)
  local fields = redis.call('HGETALL', record(id))
  if #fields == 0 then return false end
  return {
    fields,
    redis.call('GET', metadata(id)),
    with_input and redis.call('GET', input(id)),
    with_output and redis.call('GET', output(id)),
  }
end

