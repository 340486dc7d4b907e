/**
 * Question: at 1,000 deliveries a second, how long does a webhook take to be acknowledged durably (verified, committed,
 * then 200), against the same server software answering 200 without any work at the same rate?
 *
 * Open loop: each delivery has its time to leave, and a late answer delays no other. Last result: see docs/reconciliation.md.
 */
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startStack } from '@capstan/local-stack/start-stack';
import { Pool } from 'undici';

const PER_SECOND = 1_000;
const SECONDS = 10;
const WARM_UP_S = 2;
const TICK_MS = 5;

const stack = await startStack({ logDir: '.local/logs/bench', capturers: 0, reconcilers: 1 });
const bare = spawn(
  process.execPath,
  ['--conditions=source', fileURLToPath(new URL('bare-server.ts', import.meta.url))],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
try {
  const bareUrl = await new Promise<string>((resolve) =>
    bare.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim())),
  );
  // The bare one first: afterwards the reconciler still works on what was delivered.
  await measure(bareUrl, WARM_UP_S);
  const none = await measure(bareUrl, SECONDS);
  await measure(stack.apis[0]?.url ?? '', WARM_UP_S);
  const work = await measure(stack.apis[0]?.url ?? '', SECONDS);
  console.log(`queue: ${stack.queue.kind}; ${PER_SECOND} deliveries a second for ${SECONDS} s`);
  console.log(`                     p50      p99      most     not 200`);
  console.log(`durable 200       ${describe(work)}`);
  console.log(`200 without work  ${describe(none)}`);
  console.log(
    `ratio of the p99: ${(work.p99 / none.p99).toFixed(1)}, of the p50: ${(work.p50 / none.p50).toFixed(1)}`,
  );
} finally {
  bare.kill();
  await stack.stop();
}

interface Measured {
  p50: number;
  p99: number;
  most: number;
  refused: number;
}

async function measure(url: string, seconds: number): Promise<Measured> {
  const client = new Pool(url, { connections: 64 });
  const latencies: number[] = [];
  let refused = 0;
  const startedAtMs = performance.now();
  const sending: Promise<void>[] = [];
  for (let sent = 0; sent < seconds * PER_SECOND; ) {
    const dueBy = ((performance.now() - startedAtMs) / 1_000) * PER_SECOND;
    for (; sent < Math.min(dueBy, seconds * PER_SECOND); sent++) {
      const dueAtMs = startedAtMs + (sent / PER_SECOND) * 1_000;
      const body = delivery();
      sending.push(
        client.request({ path: '/webhooks/conomy', method: 'POST', body }).then(async (answer) => {
          await answer.body.dump();
          if (answer.statusCode !== 200) refused += 1;
          latencies.push(performance.now() - dueAtMs);
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(sending);
  await client.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), most: at(1), refused };
}

/** A signed delivery about a payment nobody knows; each has bytes of its own. */
function delivery(): string {
  const transaction = {
    id: randomUUID().replaceAll('-', '').slice(0, 24),
    purchaseAmount: '30000.00',
    totalAmount: '30000.00',
    externalId: randomUUID(),
    currency: 'COP',
    status: 'CAPTURED',
  };
  const signed = { event: 'Transaction.Captured', data: { transaction } };
  const signature = createHmac('sha256', stack.info.webhookSecret)
    .update(JSON.stringify(signed))
    .digest('hex');
  return JSON.stringify({ ...signed, signature });
}

function describe({ p50, p99, most, refused }: Measured): string {
  return (
    [p50, p99, most].map((ms) => `${ms.toFixed(1)} ms`.padStart(9)).join('') + String(refused).padStart(9)
  );
}
