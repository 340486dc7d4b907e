import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Debian's own, which its packages belong to; another one on `PATH` does not see them. */
const PYTHON = '/usr/bin/python3';
const PRODUCER = fileURLToPath(new URL('inbox_producer.py', import.meta.url));
/** The Lua scripts that BullMQ's ports to other languages ship too. */
const { addStandardJob } = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as {
  addStandardJob: { content: string };
};
const PACKAGES = 'python3-redis, python3-msgpack and python3-psycopg2';

/**
 * Whether the producer in Python can run, and the reason when it cannot. With `CI=true` nothing may be skipped, so
 * the file fails instead.
 */
export function needsPython(env: { CI?: string } = process.env): { run: boolean; reason: string } {
  const { status } = spawnSync(PYTHON, ['-c', 'import redis, msgpack, psycopg2']);
  if (status === 0) return { run: true, reason: '' };
  const reason = `needs the Debian packages ${PACKAGES}`;
  if (env.CI === 'true') throw new Error(`With CI=true no test may be skipped, and this file ${reason}`);
  return { run: false, reason };
}

/** Has Python add a job to the queue door. Returns the job's id. */
export function addFromPython(queueUrl: string, data: object): string {
  const input = JSON.stringify({ data, script: addStandardJob.content });
  const { status, stdout, stderr } = spawnSync(PYTHON, [PRODUCER, queueUrl], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The producer in Python failed:\n${stderr}`);
  return stdout.trim();
}
