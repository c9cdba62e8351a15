// What producer and worker have in common.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const version = (name) =>
  JSON.parse(fs.readFileSync(path.join(process.env.NODE_PATH, name, 'package.json'))).version;

module.exports = {
  QUEUE: 'ping',
  PONG: 'pong',
  connection: {
    host: '127.0.0.1',
    port: Number(process.env.PEER_REDIS_PORT),
    db: 3,
    maxRetriesPerRequest: null,
    // Commands of one turn of the event loop go out together.
    enableAutoPipelining: true,
  },
  // Results are kept as long as Penstock keeps them.
  kept: { age: 3600 },
  version,
  tell: (what) => process.stdout.write(`${JSON.stringify(what)}\n`),
};
