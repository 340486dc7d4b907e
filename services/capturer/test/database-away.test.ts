/** What a call or read came to is known to its capturer alone: a database that is away for a moment does not lose it. */
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import type { Pool, PoolClient } from '@capstan/shared/db/pool';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertCreate,
  insertLater,
  insertRefund,
  openCapturerFixture,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

interface Failing {
  connect?: () => Promise<void>;
  commit?: (tx: PoolClient) => Promise<void>;
}

const refusedConnection = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const lostConnection = () => new Error('Connection terminated unexpectedly');

/** The pool, whose connections and commits pass through what is set for them. */
function poolThrough(failing: Failing): Pool {
  const connect = async () => {
    await failing.connect?.();
    const client = await fixture.pool.connect();
    const query = async (text: string, values?: unknown[]) => {
      if (text === 'commit') await failing.commit?.(client);
      return client.query(text, values);
    };
    return { query, release: (error?: Error) => client.release(error) };
  };
  const query = async (text: string, values?: unknown[]) => {
    await failing.connect?.();
    return fixture.pool.query(text, values);
  };
  return { connect, query } as unknown as Pool;
}

/** A capturer for whose database `fail` holds from the end of the first call of `write` on. */
function failingAfter(
  write: 'createPayment' | 'capturePayment' | 'refundPayment',
  fail: Failing,
  over: Partial<CapturerContext> = {},
): CapturerContext {
  const set: Failing = {};
  const { provider } = fixture.context;
  const call = provider[write] as (...args: unknown[]) => Promise<never>;
  let calls = 0;
  const failing = async (...args: unknown[]) => {
    const answer = await call(...args);
    calls += 1;
    if (calls === 1) Object.assign(set, fail);
    return answer;
  };
  return { ...fixture.context, pool: poolThrough(set), provider: { ...provider, [write]: failing }, ...over };
}

/** Fails as long as `isAway` says, and counts. */
function away(isAway: (nth: number) => boolean) {
  const seen = { failures: 0 };
  const connect = async () => {
    if (!isAway(seen.failures + 1)) return;
    seen.failures += 1;
    throw refusedConnection();
  };
  return { seen, connect };
}

const outcomes = async (id: string) =>
  (await findAttemptsOfCommand(fixture.pool, id)).map(({ operation, outcome, resolution }) => [
    operation,
    outcome,
    resolution,
  ]);

const CREATED_AND_CAPTURED = [
  ['create', 'succeeded', null],
  ['capture', 'succeeded', null],
];

async function effectsOf(externalId: string) {
  const { payments } = await fixture.control('ledger');
  return (payments as { externalId: string; effects: object }[])
    .filter((payment) => payment.externalId === externalId)
    .map(({ effects }) => effects);
}

async function settledPayment(): Promise<string> {
  const { id, paymentKey } = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, id);
  const conomyId = (await findPayment(fixture.pool, paymentKey))?.conomyId ?? '';
  for (const status of ['RECEIVED', 'SETTLED'])
    await fixture.control(`payments/${conomyId}/transition`, { status });
  return paymentKey;
}

describe('a connection that fails once', () => {
  test('does not lose that a refund was made', async () => {
    const id = await insertRefund(fixture.pool, await settledPayment(), '150.00');
    const { connect, seen } = away((nth) => nth === 1);
    await executeCommand(failingAfter('refundPayment', { connect }), id);
    expect(seen.failures).toBe(1);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'succeeded' });
    expect(await outcomes(id)).toEqual([['refund', 'succeeded', null]]);
  });

  test('does not lose that a refund was not sent: it is sent again', async () => {
    const id = await insertRefund(fixture.pool, await settledPayment(), '150.00');
    const { connect } = away((nth) => nth === 1);
    const { provider } = fixture.context;
    let calls = 0;
    const refusing: CapturerContext['provider'] = {
      ...provider,
      refundPayment: async (...call) => {
        calls += 1;
        if (calls > 1) return provider.refundPayment(...call);
        failing.connect = connect;
        return { ok: false, failure: { stage: 'not_sent', reason: 'connect_refused' } };
      },
    };
    const failing: Failing = {};
    const context = { ...fixture.context, pool: poolThrough(failing), provider: refusing };
    await executeCommand(context, id);
    expect(await outcomes(id)).toEqual([['refund', 'retryable', null]]);
    expect(await runToItsEnd({ ...fixture, context }, id)).toMatchObject({ status: 'succeeded' });
    expect(calls).toBe(2);
  });
});

describe('a connection that dies during the commit', () => {
  test('before it was made: the outcome is written again, once', async () => {
    const { id, externalId, paymentKey } = await insertCreate(fixture.pool);
    let deaths = 0;
    const commit = async (tx: PoolClient) => {
      if (deaths++ > 0) return;
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await fixture.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    };
    await executeCommand(failingAfter('createPayment', { commit }), id);
    expect(deaths).toBeGreaterThan(1);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'succeeded' });
    expect(await outcomes(id)).toEqual(CREATED_AND_CAPTURED);
    expect(await effectsOf(externalId)).toMatchObject([{ create: 1, capture: 1 }]);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ status: 'CAPTURED', version: 2 });
  });

  /** The commit is made, and its answer does not come. */
  const answerLost = () => {
    let losses = 0;
    return async (tx: PoolClient) => {
      if (losses++ > 0) return;
      await tx.query('commit');
      throw lostConnection();
    };
  };

  test('after it was made: nothing is written twice, and the next step leaves at once', async () => {
    const { id, externalId, paymentKey } = await insertCreate(fixture.pool);
    await executeCommand(failingAfter('createPayment', { commit: answerLost() }), id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'succeeded' });
    expect(await outcomes(id)).toEqual(CREATED_AND_CAPTURED);
    expect(await effectsOf(externalId)).toMatchObject([{ create: 1, capture: 1 }]);
    expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ status: 'CAPTURED', version: 2 });
  });

  test('after it was made and ended the command: the one behind it is offered', async () => {
    const { id, paymentKey } = await insertCreate(fixture.pool, { then: [] });
    const behind = await insertLater(fixture.pool, paymentKey, 'capture', 'blocked');
    const offered: string[] = [];
    const { commands } = fixture.context;
    const offering: CapturerContext['commands'] = {
      ...commands,
      offer: async (jobs) => {
        offered.push(...jobs.map(({ data }) => data.commandId));
        return true;
      },
    };
    const over = { commands: offering };
    await executeCommand(failingAfter('createPayment', { commit: answerLost() }, over), id);
    expect(offered).toEqual([behind]);
  });

  test('after a read was recorded: it counts once for absence', async () => {
    const { id } = await insertCreate(fixture.pool);
    const { provider } = fixture.context;
    const failing: Failing = {};
    const lost = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } } as const;
    const losing: CapturerContext['provider'] = {
      ...provider,
      capturePayment: async () => lost,
      readPayment: async (...call) => {
        const read = await provider.readPayment(...call);
        failing.commit = answerLost();
        return read;
      },
    };
    await executeCommand({ ...fixture.context, pool: poolThrough(failing), provider: losing }, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'unresolved' });
    const { rows } = await fixture.pool.query(
      'select count(*)::int as reads from attempt_reads r join attempts a on a.id = r.attempt_id where a.command_id = $1',
      [id],
    );
    expect(rows).toEqual([{ reads: 1 }]);
  });
});

describe('a database that is away', () => {
  test('for five seconds: the outcome is written when it is back', async () => {
    const { id } = await insertCreate(fixture.pool);
    let fromMs = 0;
    const { connect, seen } = away(() => {
      fromMs ||= performance.now();
      return performance.now() < fromMs + 5_000;
    });
    // As in production, where a call may take ten seconds.
    const timings = { ...fixture.context.timings, sendLeaseMs: 15_000 };
    await executeCommand(failingAfter('createPayment', { connect }, { timings }), id);
    expect(seen.failures).toBeGreaterThan(3);
    const [create] = await outcomes(id);
    expect(create).toEqual(['create', 'succeeded', null]);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
  }, 30_000);

  test('for longer than the lease: only then is the outcome unknown, and it is found by reading', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
    const { connect, seen } = away(() => true);
    const timings = { ...fixture.context.timings, sendLeaseMs: 1_500 };
    const atMs = performance.now();
    await expect(executeCommand(failingAfter('createPayment', { connect }, { timings }), id)).rejects.toThrow(
      'ECONNREFUSED',
    );
    expect(seen.failures).toBeGreaterThan(3);
    expect(performance.now() - atMs).toBeLessThan(5_000);
    expect(await outcomes(id)).toEqual([['create', null, null]]);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await outcomes(id)).toEqual([['create', 'unknown', 'succeeded']]);
    expect(await effectsOf(externalId)).toMatchObject([{ create: 1 }]);
  });
});
