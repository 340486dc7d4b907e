import { COP_COLLECTOR, COP_PAYER } from '@capstan/conomy-sandbox/default-accounts';
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { holdCommand, markRedriven } from '@capstan/shared/db/interventions';
import { findPayment } from '@capstan/shared/db/payments';
import { inTransaction } from '@capstan/shared/db/transaction';
import { accountNode } from '@capstan/testing/create-bodies';
import { until } from '@capstan/testing/until';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { executeCommand } from '../src/execute-command.ts';
import {
  absentReadsOf,
  type CapturerFixture,
  insertCreate,
  insertLater,
  openCapturerFixture,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;

beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());
afterEach(() => fixture.control('faults', { seed: 1, rules: [] }));

interface LedgerPayment {
  id: string;
  externalId: string;
  status: string;
  effects: Record<string, number>;
}

async function ledgerOf(externalId: string): Promise<LedgerPayment[]> {
  const { payments } = await fixture.control('ledger');
  return (payments as LedgerPayment[]).filter((payment) => payment.externalId === externalId);
}

/** Lets the capturer work on the command whenever it is due, as its jobs would, until it has ended or is parked. */
const lost = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };
const forbidden = {
  ok: false,
  failure: { stage: 'answered', reason: 'http_403', httpStatus: 403, code: '43' },
};

const outcomes = async (id: string) =>
  (await findAttemptsOfCommand(fixture.pool, id)).map(({ operation, outcome, resolution }) => [
    operation,
    outcome,
    resolution,
  ]);

describe('a create with capture', () => {
  test('is created and captured once, and the mirror says CAPTURED', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({
      status: 'succeeded',
      stepsDone: 2,
      problem: null,
    });
    expect(await outcomes(id)).toEqual([
      ['create', 'succeeded', null],
      ['capture', 'succeeded', null],
    ]);
    const [paid] = await ledgerOf(externalId);
    expect(paid).toMatchObject({ status: 'CAPTURED', effects: { create: 1, capture: 1 } });
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({
      status: 'CAPTURED',
      conomyId: paid?.id,
      version: 2,
    });
  });

  test('goes through authorize when the plan says so', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { then: ['authorize', 'capture'] });
    await executeCommand(fixture.context, id);
    expect((await ledgerOf(externalId))[0]).toMatchObject({
      status: 'CAPTURED',
      effects: { create: 1, authorize: 1, capture: 1 },
    });
  });

  test('runs once when its job comes ten times at once', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    await Promise.all(Array.from({ length: 10 }, () => executeCommand(fixture.context, id)));
    await runToItsEnd(fixture, id);
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });

  test('whose account Conomy does not know is rejected with what the provider said, and its externalId is free again', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool, { body: { accountNumber: '999' } });
    await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'provider_rejected', provider: { status: 404, code: '31', type: 'notFound' } },
    });
    const { rows } = await fixture.pool.query(
      'select external_id_released_at is not null as free from payments where key = $1',
      [paymentKey],
    );
    expect(rows).toEqual([{ free: true }]);
  });

  test('that was not begun by its notAfter instant is canceled and nothing is sent', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { notAfter: '2020-01-01T00:00:00Z' });
    await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({
      status: 'canceled',
      problem: { code: 'deadline_passed' },
    });
    expect(await ledgerOf(externalId)).toEqual([]);
  });
});

describe('an answer that never came', () => {
  test.each(['create', 'capture'])(
    'of a %s that took effect is found by reading, and nothing is sent twice',
    async (operation) => {
      await fixture.control('faults', {
        seed: 1,
        rules: [{ operation, fault: 'commit-then-timeout', count: 1 }],
      });
      const { id, externalId } = await insertCreate(fixture.pool);
      expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
      expect(await outcomes(id)).toContainEqual([operation, 'unknown', 'succeeded']);
      expect(await ledgerOf(externalId)).toMatchObject([
        { status: 'CAPTURED', effects: { create: 1, capture: 1 } },
      ]);
    },
  );

  test.each(['create', 'capture'])(
    'a 500 to a %s without effect is sent again only after three reads over the span found nothing',
    async (operation) => {
      await fixture.control('faults', { seed: 1, rules: [{ operation, fault: '500', count: 1 }] });
      const { id, externalId } = await insertCreate(fixture.pool);
      expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
      expect(await outcomes(id)).toContainEqual([operation, 'unknown', 'retryable']);
      expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
      const reads = await absentReadsOf(fixture.pool, id);
      expect(reads.length).toBeGreaterThanOrEqual(3);
      const spanMs = Math.max(...reads) - Math.min(...reads);
      expect(spanMs).toBeGreaterThanOrEqual(fixture.context.timings.absence.spanMsMin);
    },
  );

  test.each(['create', 'capture'] as const)(
    'a %s that is forbidden after an answer that never came is looked for again before it is rejected',
    async (operation) => {
      const { id, externalId } = await insertCreate(fixture.pool);
      const { provider } = fixture.context;
      const calls = { create: 0, capture: 0 };
      let inSight = false;
      /** The effect is there from the first call on, and out of sight until the second was refused. */
      const write = async <R>(name: typeof operation, send: () => Promise<R>) => {
        if (name !== operation) return send();
        calls[name] += 1;
        inSight = calls[name] === 2;
        if (inSight) return forbidden as R;
        await send();
        return lost as R;
      };
      const hiding = {
        ...provider,
        createPayment: (...call: Parameters<typeof provider.createPayment>) =>
          write('create', () => provider.createPayment(...call)),
        capturePayment: (...call: Parameters<typeof provider.capturePayment>) =>
          write('capture', () => provider.capturePayment(...call)),
        listPayments: async (...call: Parameters<typeof provider.listPayments>) => {
          const listed = await provider.listPayments(...call);
          if (inSight || !listed.ok) return listed;
          return { ...listed, value: { ...listed.value, payments: [], total: 0 } };
        },
        readPayment: async (...call: Parameters<typeof provider.readPayment>) => {
          const read = await provider.readPayment(...call);
          if (inSight || !read.ok) return read;
          return { ...read, value: { ...read.value, status: 'CREATED' } };
        },
      };
      const context = { ...fixture.context, provider: hiding };
      expect(await runToItsEnd({ ...fixture, context }, id)).toMatchObject({ status: 'succeeded' });
      expect(calls[operation]).toBe(2);
      expect(await outcomes(id)).toContainEqual([operation, 'unknown', 'retryable']);
      expect(await outcomes(id)).toContainEqual([operation, 'unknown', 'succeeded']);
      expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
    },
  );

  test('a create whose answer was lost and that no list shows yet is found by what a delivery named', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const { provider } = fixture.context;
    const lagging = {
      ...provider,
      createPayment: async (...call: Parameters<typeof provider.createPayment>) => {
        const made = await provider.createPayment(...call);
        if (!made.ok) throw new Error(made.failure.reason);
        await fixture.pool.query(
          `insert into webhook_deliveries (id, body_sha256, body, form, event, conomy_id, external_id, status, applied_at, result)
           values (gen_random_uuid(), sha256(convert_to($1::text, 'UTF8')), '{}', 'body', 'transaction.status_changed', $1, $2, 'CREATED', now(), 'unmatched')`,
          [made.value.id, externalId],
        );
        return lost as never;
      },
      listPayments: async (...call: Parameters<typeof provider.listPayments>) => {
        const listed = await provider.listPayments(...call);
        return listed.ok ? { ...listed, value: { ...listed.value, payments: [], total: 0 } } : listed;
      },
    };
    expect(
      await runToItsEnd({ ...fixture, context: { ...fixture.context, provider: lagging } }, id),
    ).toMatchObject({
      status: 'succeeded',
    });
    const { rows } = await fixture.pool.query(
      `select r.finding from attempt_reads r join attempts a on a.id = r.attempt_id where a.command_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ finding: 'found' }]);
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });

  test('a 429 waits as long as the provider says and burns nothing', async () => {
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'create', fault: '429', count: 1 }] });
    const { id, externalId } = await insertCreate(fixture.pool);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect((await outcomes(id))[0]).toEqual(['create', 'retryable', null]);
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });
});

describe('a worker that died', () => {
  test('after it began a call leaves an unknown attempt that the next worker settles by reading', async () => {
    const { id, externalId } = await insertCreate(fixture.pool);
    const dies = {
      ...fixture.context,
      provider: {
        ...fixture.context.provider,
        createPayment: dieAfter(fixture.context.provider.createPayment),
      },
    };
    await expect(executeCommand(dies, id)).rejects.toThrow('the process died');
    await expireClaim(id);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await outcomes(id)).toEqual([
      ['create', 'unknown', 'succeeded'],
      ['capture', 'succeeded', null],
    ]);
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });

  test('and comes back after a takeover writes nothing', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
    const answered = Promise.withResolvers<void>();
    const resumed = Promise.withResolvers<void>();
    const sleeps = {
      ...fixture.context,
      provider: {
        ...fixture.context.provider,
        createPayment: async (...call: Parameters<typeof fixture.context.provider.createPayment>) => {
          const result = await fixture.context.provider.createPayment(...call);
          answered.resolve();
          await resumed.promise;
          return result;
        },
      },
    };
    const sleeper = executeCommand(sleeps, id);
    await answered.promise;
    await expireClaim(id);
    await runToItsEnd(fixture, id);
    const before = await findAttemptsOfCommand(fixture.pool, id);
    resumed.resolve();
    await sleeper;
    expect(await findAttemptsOfCommand(fixture.pool, id)).toEqual(before);
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1 } }]);
  });

  test('a claim that is no longer fresh sends nothing', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
    let now = 0;
    await executeCommand(
      { ...fixture.context, monotonicMs: () => (now += fixture.context.timings.sendWindowMs) },
      id,
    );
    expect(await ledgerOf(externalId)).toEqual([]);
    expect((await findAttemptsOfCommand(fixture.pool, id))[0]).toMatchObject({
      outcome: 'retryable',
      failure: { reason: 'send_window_passed' },
    });
  });
});

describe('commands of one payment', () => {
  test('the one behind a create runs when the create has ended', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool, { then: [] });
    const later = await insertLater(fixture.pool, paymentKey, 'capture', 'blocked');
    await executeCommand(fixture.context, later);
    expect(await findCommand(fixture.pool, later)).toMatchObject({ status: 'blocked' });
    await executeCommand(fixture.context, id);
    expect(await runToItsEnd(fixture, later)).toMatchObject({ status: 'succeeded' });
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });

  test('those behind a create that was rejected end with predecessor_failed', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool, { then: [], body: { accountNumber: '999' } });
    const later = await insertLater(fixture.pool, paymentKey, 'capture', 'blocked');
    await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, later)).toMatchObject({
      status: 'rejected',
      problem: { code: 'predecessor_failed' },
    });
  });

  test('a capture of a payment that is captured already succeeds without a call', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    await executeCommand(fixture.context, id);
    const again = await insertLater(fixture.pool, paymentKey, 'capture');
    expect(await runToItsEnd(fixture, again)).toMatchObject({ status: 'succeeded' });
    expect(await findAttemptsOfCommand(fixture.pool, again)).toEqual([]);
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { capture: 1 } }]);
  });

  test('a capture refused for lack of funds is rejected once looks over time show that it was not taken', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { body: withAmount('90000000000.00') });
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'provider_rejected', provider: { status: 422, code: '21' } },
    });
    expect(await ledgerOf(externalId)).toMatchObject([
      { status: 'CREATED', effects: { create: 1, capture: 0 } },
    ]);
  });
});

function withAmount(purchaseAmount: string) {
  const [payer, collector] = [
    accountNode(COP_PAYER, purchaseAmount),
    accountNode(COP_COLLECTOR, purchaseAmount),
  ];
  return { purchaseAmount, totalAmount: purchaseAmount, origins: [payer], destinations: [collector] };
}

function dieAfter<A extends unknown[], R>(call: (...args: A) => Promise<R>) {
  return async (...args: A): Promise<R> => {
    await call(...args);
    throw new Error('the process died');
  };
}

async function expireClaim(id: string): Promise<void> {
  await fixture.pool.query(
    `update commands set claimed_until = capstan_now() - interval '1 second' where id = $1`,
    [id],
  );
}

describe('a create whose Conomy payment is mirrored under another key', () => {
  /** Executes the create; between its effect and the recording of its answer the other key comes to be, with a capture. */
  async function executeBeside(
    id: string,
    acceptedAgo: string,
    meanwhile: (captureId: string) => Promise<void> = async () => {},
  ) {
    const { createPayment } = fixture.context.provider;
    const other = { key: '', captureId: '' };
    const provider = {
      ...fixture.context.provider,
      createPayment: async (...call: Parameters<typeof createPayment>) => {
        const result = await createPayment(...call);
        if (!result.ok) throw new Error(result.failure.reason);
        const { rows } = await fixture.pool.query<{ key: string }>(
          `insert into payments (key, conomy_id, status, accepted_at)
           values (gen_random_uuid(), $1, 'CREATED', capstan_now() - $2::interval) returning key`,
          [result.value.id, acceptedAgo],
        );
        other.key = rows[0]?.key ?? '';
        other.captureId = await insertLater(fixture.pool, other.key, 'capture');
        await meanwhile(other.captureId);
        return result;
      },
    };
    await executeCommand({ ...fixture.context, provider }, id);
    return other;
  }

  test('has it when it was accepted first: what the younger key has at work is parked and fenced off', async () => {
    const { id, paymentKey, externalId } = await insertCreate(fixture.pool);
    const { provider } = fixture.context;
    const answerHeld = Promise.withResolvers<void>();
    const slow = {
      ...provider,
      capturePayment: async (...call: Parameters<typeof provider.capturePayment>) => {
        const result = await provider.capturePayment(...call);
        await answerHeld.promise;
        return result;
      },
    };
    let capturing = Promise.resolve();
    const other = await executeBeside(id, '-1 second', async (captureId) => {
      // The younger key's worker is in the middle of its capture while the older key takes the payment.
      capturing = executeCommand({ ...fixture.context, provider: slow, worker: 'other' }, captureId);
      await until(async () => (await outcomes(captureId)).length > 0, {
        deadlineMs: 5_000,
        what: 'the other key to begin its capture',
      });
    });
    answerHeld.resolve();
    await capturing;
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await findCommand(fixture.pool, other.captureId)).toMatchObject({
      status: 'parked',
      problem: { code: 'payment_known_under_other_key' },
    });
    expect(await outcomes(other.captureId)).toEqual([['capture', 'unknown', 'parked']]);
    const younger = await findPayment(fixture.pool, other.key);
    expect(younger).toMatchObject({ conomyId: null, duplicateOf: paymentKey });
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({
      status: 'CAPTURED',
      duplicateOf: null,
    });
    expect(await ledgerOf(externalId)).toMatchObject([{ effects: { create: 1, capture: 1 } }]);
  });

  test('gives way when the other was accepted first, and stays parked when it is redriven', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool);
    const other = await executeBeside(id, '1 hour');
    const parked = { status: 'parked', problem: { code: 'payment_known_under_other_key' } };
    expect(await findCommand(fixture.pool, id)).toMatchObject(parked);
    expect(await outcomes(id)).toEqual([['create', 'unknown', 'parked']]);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({
      conomyId: null,
      duplicateOf: other.key,
    });
    expect(await findCommand(fixture.pool, other.captureId)).toMatchObject({ status: 'accepted' });
    await inTransaction(fixture.pool, async (tx) => {
      const held = await holdCommand(tx, id);
      if (held === null) throw new Error('the command is gone');
      await markRedriven(tx, held, { by: 'operator', reason: 'again', graceMs: 5_000 });
    });
    await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject(parked);
  });
});
