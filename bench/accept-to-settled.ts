/**
 * Question: how long does one command take from its POST to a mirror that says SETTLED, on an idle machine, with a
 * provider that settles at once? And how much of that is Capstan's, against the same three calls made bare?
 *
 * Last result (2 cores, everything on one machine): see docs/architecture.md.
 */
import { randomUUID } from 'node:crypto';
import { startStack } from '@capstan/local-stack/start-stack';
import { createConomyClient } from '@capstan/shared/provider/conomy/client';
import { collectBody } from '@capstan/testing/create-bodies';
import { payOnce } from './pay-once.ts';

const ROUNDS = 50;

const stack = await startStack({
  logDir: '.local/logs/bench',
  sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } },
});
try {
  const { conomy } = stack.info;
  const client = createConomyClient({ ...conomy, apiVersion: '24-04-2025', userAgent: 'Capstan-bench/1' });

  const throughCapstan = () => payOnce(stack);
  const bare = async () => {
    const created = await client.createPayment(JSON.stringify(collectBody(randomUUID())));
    if (!created.ok) throw new Error(created.failure.reason);
    await client.capturePayment(created.value.id);
    for (;;) {
      const read = await client.readPayment(created.value.id);
      if (read.ok && read.value.status === 'SETTLED') return;
    }
  };

  for (let warmUp = 0; warmUp < 10; warmUp++) await Promise.all([throughCapstan(), bare()]);
  const capstan: number[] = [];
  const direct: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    direct.push(await timed(bare));
    capstan.push(await timed(throughCapstan));
  }
  console.log(`queue: ${stack.queue.kind}, ${ROUNDS} rounds, one at a time`);
  console.log(`accept → SETTLED through Capstan: ${describe(capstan)}`);
  console.log(`create, capture, read made bare:  ${describe(direct)}`);
  console.log(`ratio of the medians: ${(median(capstan) / median(direct)).toFixed(1)}`);
  await client.close();
} finally {
  await stack.stop();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function describe(values: number[]): string {
  return `median ${median(values).toFixed(1)} ms, p95 ${quantile(values, 0.95).toFixed(1)} ms`;
}
