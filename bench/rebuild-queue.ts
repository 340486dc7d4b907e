/**
 * Question: how long does it take until 100,000 open commands whose queue was emptied have a job again? And how much
 * of that is the tables' part, against putting the same jobs into the queue bare?
 *
 * Last result: see docs/reliability.md.
 */

import { startStack } from '@capstan/local-stack/start-stack';
import { openPool } from '@capstan/shared/db/pool';
import { commandJob } from '@capstan/shared/queue/catalogue';
import { openSender } from '@capstan/shared/queue/sender';
import { createLogger } from '@capstan/shared/telemetry/logger';

const COMMANDS = 100_000;

const stack = await startStack({ logDir: '.local/logs/bench', capturers: 0, reconcilers: 1 });
const log = createLogger('bench', 'fatal');
const pool = openPool({ url: stack.databaseUrl, name: 'bench', max: 4, log });
const sender = openSender('commands', stack.queue.url, log);
try {
  while (!(await sender.isUp())) await new Promise(setImmediate);
  const waiting = async () => (await sender.queue()?.getWaitingCount()) ?? 0;

  const bareMs = await timed(async () => {
    for (let nth = 0; nth < COMMANDS; nth += 1_000) {
      const offers = Array.from({ length: 1_000 }, () => commandJob(crypto.randomUUID(), 0));
      if (!(await sender.offer(offers))) throw new Error('the queue did not take the jobs');
    }
  });
  await stack.queue.flush();
  await pool.query(
    `with made as (
       insert into payments (key, external_id, snapshot) select gen_random_uuid(), 'bench-' || n, '{}' from generate_series(1, $1::int) n
       returning key
     )
     insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, status, offer_at, accepted_by)
     select gen_random_uuid(), key, decode(repeat('00', 32), 'hex'), 'payment.create', key, '{}', '{create}', 'accepted',
       capstan_now() + interval '5 seconds', 'bench' from made`,
    [COMMANDS],
  );
  const rebuiltMs = await timed(async () => {
    for (;;) {
      const count = await waiting();
      process.stdout.write(`\r${count} of ${COMMANDS} commands have a job again`);
      if (count >= COMMANDS) break;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  });
  console.log(`\nqueue: ${stack.queue.kind}`);
  console.log(
    `rebuilt from the tables by one reconciler: ${(rebuiltMs / 1_000).toFixed(1)} s, of which up to 5 s are the grace of the last offers`,
  );
  console.log(`the same jobs put in bare:                 ${(bareMs / 1_000).toFixed(1)} s`);
  console.log(`ratio: ${(rebuiltMs / bareMs).toFixed(1)}`);
} finally {
  await sender.close();
  await pool.end();
  await stack.stop();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}
