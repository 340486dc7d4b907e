import { createHmac, randomUUID } from 'node:crypto';
import { createAnnouncer, PROGRESS } from '@capstan/shared/db/announcements';
import { storeDeliveries } from '@capstan/shared/db/deliveries';
import { openPool, type Pool } from '@capstan/shared/db/pool';
import { verifyDelivery } from '@capstan/shared/provider/conomy/signature';
import { readDelivery } from '@capstan/shared/provider/conomy/webhook';
import { openSender } from '@capstan/shared/queue/sender';
import { createDriftLog } from '@capstan/shared/telemetry/drift-log';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { collectBody } from '@capstan/testing/create-bodies';
import { createTestDatabase } from '@capstan/testing/test-database';
import { createTestGate } from '@capstan/testing/test-gate';
import { startTestProvider } from '@capstan/testing/test-provider';
import { createTestQueue } from '@capstan/testing/test-queue';
import type { ReconcilerContext } from '../src/context.ts';

/** A reconciler's context on a real PostgreSQL, queue and sandbox. `close` in afterAll. */
export async function openReconcilerFixture() {
  const database = await createTestDatabase();
  const queue = await createTestQueue(database.url);
  const provider = await startTestProvider({ callTimeoutMs: 1_000 });
  const log = createLogger('reconciler-test', 'fatal');
  const pool = openPool({ url: database.url, name: 'reconciler-test', max: 10, log });
  const senders = {
    commands: openSender('commands', queue.url, log),
    deliveries: openSender('deliveries', queue.url, log),
    reads: openSender('reads', queue.url, log),
  };
  const progress = createAnnouncer(pool, PROGRESS, log);
  const drift = createDriftLog(pool, log);
  const context: ReconcilerContext = {
    pool,
    provider: provider.client,
    gate: createTestGate(pool),
    drift,
    senders,
    progress,
    log,
    random: () => 0.5,
  };
  return {
    context,
    drift,
    pool,
    /** The same context as time passed for the database; `close` its pool. */
    contextLater: (offset: string): ReconcilerContext => ({
      ...context,
      pool: openPool({ url: database.urlLater(offset), name: 'reconciler-later', max: 4, log }),
    }),
    queueUrl: queue.url,
    flushQueue: () => queue.flush(),
    control: provider.control,
    capturedPayment: async () => capturedPayment(context),
    deliver: (transaction: Record<string, string>, event?: string) => deliver(context, transaction, event),
    close: async () => {
      await Promise.all(Object.values(senders).map((sender) => sender.close()));
      await provider.close();
      await progress.idle();
      await drift.close();
      await pool.end();
      await queue.stop();
      await database.drop();
    },
  };
}

export type ReconcilerFixture = Awaited<ReturnType<typeof openReconcilerFixture>>;

/** A payment that is CAPTURED at the provider and in the mirror, as the capturer leaves it. */
async function capturedPayment({ pool, provider }: ReconcilerContext) {
  const body = collectBody(randomUUID());
  const created = await provider.createPayment(JSON.stringify(body));
  if (!created.ok) throw new Error(created.failure.reason);
  const captured = await provider.capturePayment(created.value.id);
  if (!captured.ok) throw new Error(captured.failure.reason);
  const key = randomUUID();
  await pool.query(
    `insert into payments (key, external_id, conomy_id, snapshot, status, cause, version) values ($1, $2, $3, $4, 'CAPTURED', 'answer', 2)`,
    [key, body.externalId, created.value.id, captured.value.raw],
  );
  return { key, conomyId: created.value.id, externalId: body.externalId };
}

/** The event of a payment as Conomy signs it in its documented form; the same transaction and event are the same message. */
function deliver(
  { pool }: ReconcilerContext,
  transaction: Record<string, string>,
  event = 'Transaction.Received',
) {
  const signed = { event, data: { transaction } };
  return receive(pool, JSON.stringify({ ...signed, signature: sign(JSON.stringify(signed)) }));
}

const SECRET = 'webhook-secret';

/** What Conomy puts beside the text it signs. */
export function sign(text: string): string {
  return createHmac('sha256', SECRET).update(text).digest('hex');
}

/** Verifies and stores what arrived, as the api does. */
export async function receive(pool: Pool, body: string) {
  const verified = verifyDelivery(Buffer.from(body), {}, [SECRET], new Set(['body']));
  if (!verified.verified) throw new Error(verified.reason);
  const { covered, signature, form, payload } = verified;
  const { event, conomyId = null, externalId = null, status = null } = readDelivery(payload);
  const row = { id: randomUUID(), covered, signature, form, event, conomyId, externalId, status };
  const [stored] = await storeDeliveries(pool, [row], 5_000);
  if (!stored) throw new Error('the delivery was not stored');
  return stored;
}
