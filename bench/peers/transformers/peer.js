// transformers.js for the benchmark: a line of JSON with texts comes in, a line with their vectors
// and the time they took goes out. Reading and writing the lines is not in that time.

import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';

const BATCH = 32;
const VECTOR = { pooling: 'mean', normalize: true };

// Nothing but replies may come between replies, whatever libraries print.
console.log = console.info = console.error;
const say = (reply) => process.stdout.write(JSON.stringify(reply) + '\n');

const folder = process.argv[2];
env.allowRemoteModels = false;
env.useFSCache = false;
env.localModelPath = dirname(folder);
const embed = await pipeline('feature-extraction', basename(folder), { dtype: 'fp32', device: 'cpu' });

const ways = { single: 1, batches: BATCH };

async function vectors(texts, batch) {
  const found = [];
  for (let from = 0; from < texts.length; from += batch) {
    const part = texts.slice(from, from + batch);
    const { data, dims } = await embed(part, VECTOR);
    const length = dims.at(-1);
    for (let i = 0; i < part.length; i++) {
      found.push(data.subarray(i * length, (i + 1) * length));
    }
  }
  return found;
}

const base64 = ({ buffer, byteOffset, byteLength }) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

const runtime = createRequire(import.meta.resolve('@huggingface/transformers'))('onnxruntime-node/package.json');
say({ versions: `transformers.js ${env.version}, ONNX Runtime ${runtime.version}, Node ${process.version}` });

for await (const line of createInterface({ input: process.stdin })) {
  const { way, texts } = JSON.parse(line);
  const start = process.hrtime.bigint();
  const found = await vectors(texts, ways[way]);
  const nanos = Number(process.hrtime.bigint() - start);
  say({ nanos, data: found.map((vector) => ({ embedding: base64(vector) })) });
}
