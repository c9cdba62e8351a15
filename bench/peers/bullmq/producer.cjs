// Adds jobs and waits until they are done, told so in lines of JSON.
//
//   {"round": 1000, "list": 100, "inFlight": 32}
//       ->  {"count": 1000, "began": …, "submitted": …, "ended": …}
//   {"latency": 50}  ->  {"micros": [812, …]}
//
// Times are Unix seconds. A round ended when the last job did, by the time that its worker noted.
'use strict';

const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');
const { Job, Queue, QueueEvents } = require('bullmq');
const { QUEUE, PONG, connection, version, tell } = require('./settings.cjs');

const POLL_MS = 20;
const LIMIT_MS = 60_000;
const LOOK_UP = 500;

const queue = new Queue(QUEUE, { connection });
let events;

async function submit(count, list) {
  if (list === 1) {
    return [(await queue.add('ping', {})).id];
  }
  const jobs = Array.from({ length: count }, () => ({ name: 'ping', data: {} }));
  return (await queue.addBulk(jobs)).map((job) => job.id);
}

// When these ended, in milliseconds; undefined for those that have not.
async function ends(ids) {
  const jobs = await Promise.all(ids.map((id) => Job.fromId(queue, id)));
  return jobs.map((job, i) => {
    if (job === undefined || job.failedReason) {
      throw new Error(`job ${ids[i]} is not there or failed: ${job?.failedReason}`);
    }
    if (job.finishedOn && job.returnvalue !== PONG) {
      throw new Error(`job ${ids[i]} answered ${job.returnvalue}`);
    }
    return job.finishedOn;
  });
}

async function lastEnd(ids) {
  const until = Date.now() + LIMIT_MS;
  let last = 0;
  // The one added last first: looking at it costs the others next to nothing.
  const parts = [ids.slice(-1)];
  for (let at = 0; at < ids.length; at += LOOK_UP) {
    parts.push(ids.slice(at, at + LOOK_UP));
  }
  for (const part of parts) {
    let ended = await ends(part);
    while (ended.includes(undefined)) {
      if (Date.now() > until) {
        throw new Error('jobs do not end');
      }
      await sleep(POLL_MS);
      ended = await ends(part);
    }
    last = Math.max(last, ...ended);
  }
  return last / 1000;
}

async function measureRound(count, list, inFlight) {
  const ids = [];
  let left = count;
  const began = Date.now() / 1000;
  const one = async () => {
    while (left > 0) {
      const mine = Math.min(list, left);
      left -= mine;
      ids.push(...(await submit(mine, list)));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const submitted = Date.now() / 1000;
  if (new Set(ids).size !== count) {
    throw new Error(`${new Set(ids).size} ids for ${count} jobs`);
  }
  return { count, began, submitted, ended: await lastEnd(ids) };
}

async function measureLatency(count) {
  if (events === undefined) {
    events = new QueueEvents(QUEUE, { connection });
    await events.waitUntilReady();
  }
  const micros = [];
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    const job = await queue.add('ping', {});
    const answer = await job.waitUntilFinished(events, LIMIT_MS);
    micros.push(Number((process.hrtime.bigint() - start) / 1000n));
    if (answer !== PONG) {
      throw new Error(`job ${job.id} answered ${answer}`);
    }
  }
  return { micros };
}

async function main() {
  await queue.waitUntilReady();
  const redis = queue.getBackend().redisVersion;
  tell({ bullmq: version('bullmq'), ioredis: version('ioredis'), node: process.version, redis });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    tell(
      'round' in asked
        ? await measureRound(asked.round, asked.list, asked.inFlight)
        : await measureLatency(asked.latency),
    );
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
