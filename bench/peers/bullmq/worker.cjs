// A BullMQ worker whose jobs do nothing: node worker.cjs <concurrency>. Ends with its stdin.
'use strict';

const { Worker } = require('bullmq');
const { QUEUE, PONG, connection, kept, tell } = require('./settings.cjs');

const worker = new Worker(QUEUE, async () => PONG, {
  connection,
  concurrency: Number(process.argv[2]),
  removeOnComplete: kept,
});
worker.on('error', (error) => {
  console.error(error);
  process.exit(1);
});
worker.on('failed', (job, error) => {
  console.error(job?.id, error);
  process.exit(1);
});
worker.waitUntilReady().then(() => tell({ ready: true }));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
