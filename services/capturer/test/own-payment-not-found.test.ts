// A 404 to a read of an id we hold proves neither effect nor absence (design §3): Conomy lags behind its own create.
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertCreate,
  openCapturerFixture,
  redrive,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

const NOT_FOUND: ProviderFailure = { stage: 'answered', reason: 'http_404', httpStatus: 404, code: '31' };
const AWAY: ProviderFailure = { stage: 'answered', reason: 'http_503', httpStatus: 503 };
const MINUTE_MS = 60_000;

test.each([
  ['whose amount Conomy has yet to explain', { totalAmount: '29000.00' }],
  ['that answered with a status nobody knows', { status: 'NEWLY_INVENTED' }],
])('a capture right after a create %s waits while the payment is not found', async (_what, over) => {
  const { provider } = fixture.context;
  const { id, paymentKey } = await insertCreate(fixture.pool);
  let lags = true;
  const lagging: typeof provider = {
    ...provider,
    createPayment: async (...call) => {
      const made = await provider.createPayment(...call);
      if (!made.ok) return made;
      return { ok: true, value: { ...made.value, ...over, raw: { ...made.value.raw, ...over } } };
    },
    readPayment: (...call) => {
      if (!lags) return provider.readPayment(...call);
      return Promise.resolve({ ok: false, failure: NOT_FOUND });
    },
  };
  const context = { ...fixture.context, provider: lagging };
  await executeCommand(context, id);
  expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ conomyId: expect.any(String) });
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing', stepsDone: 1 });
  lags = false;
  await fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);
  expect(await runToItsEnd({ pool: fixture.pool, context }, id)).toMatchObject({ status: 'succeeded' });
});

describe('a payment of ours that Conomy does not tell before its capture', () => {
  /** The capture is due and its payment was created; reads fail with what `state` says, at the instants of its clock. */
  async function untold() {
    const { provider } = fixture.context;
    const { id } = await insertCreate(fixture.pool);
    const state = { failure: NOT_FOUND as ProviderFailure | null, nowMs: 0, reads: 0, captures: 0, told: {} };
    const untelling: CapturerContext['provider'] = {
      ...provider,
      createPayment: async (...call) => {
        const made = await provider.createPayment(...call);
        return made.ok ? { ok: true, value: { ...made.value, totalAmount: '29000.00' } } : made;
      },
      readPayment: async (...call) => {
        state.reads += 1;
        const { failure, told } = state;
        if (failure !== null) return { ok: false, failure };
        const read = await provider.readPayment(...call);
        return read.ok ? { ok: true, value: { ...read.value, ...told } } : read;
      },
      capturePayment: (...call) => {
        state.captures += 1;
        return provider.capturePayment(...call);
      },
    };
    const context = { ...fixture.context, provider: untelling, monotonicMs: () => state.nowMs };
    /** Reads so often, each time so much later by the clock of `worker`. */
    const read = async (times: number, everyMs: number, worker = 'one') => {
      for (let nth = 0; nth < times; nth++) {
        state.nowMs += everyMs;
        await fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);
        await executeCommand({ ...context, worker }, id);
      }
      return findCommand(fixture.pool, id);
    };
    await executeCommand({ ...context, worker: 'one' }, id);
    return { id, state, read };
  }

  const isParked = { status: 'parked', problem: { code: 'payment_unclear' }, stepsDone: 1 };
  const waits = { status: 'executing', problem: null };

  test('is left to a person after two hours of answered reads, and nothing is sent', async () => {
    const { id, state, read } = await untold();
    expect(await read(119, MINUTE_MS)).toMatchObject(waits);
    expect(await read(1, MINUTE_MS)).toMatchObject(isParked);
    expect(state).toMatchObject({ reads: 121, captures: 0 });
    // What a person puts back has its two hours again, and goes on once it is told.
    await redrive(fixture, id);
    expect(await read(100, MINUTE_MS)).toMatchObject(waits);
    state.failure = null;
    expect(await read(1, MINUTE_MS)).toMatchObject({ status: 'succeeded' });
    expect(state).toMatchObject({ captures: 1 });
  });

  test('is read less and less often', async () => {
    const { id, read } = await untold();
    const waitsMs: number[] = [];
    for (let nth = 0; nth < 6; nth++) {
      const { rows } = await fixture.pool.query<{ ms: number }>(
        'select (extract(epoch from due_at - capstan_now()) * 1000)::float8 as ms from commands where id = $1',
        [id],
      );
      waitsMs.push(Math.ceil((rows[0]?.ms ?? 0) / 5_000) * 5_000);
      await read(1, 1_000);
    }
    expect(waitsMs).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  test.each<[what: string, ms: (told: Awaited<ReturnType<typeof untold>>) => Promise<unknown>]>([
    [
      'that Conomy was away',
      async ({ state, read }) => {
        state.failure = AWAY;
        await read(60, 10 * MINUTE_MS);
        state.failure = NOT_FOUND;
      },
    ],
    ['that nobody read in', async ({ read }) => read(1, 1_000 * MINUTE_MS)],
    ['that only another process saw go by', async ({ read }) => read(1, 1_000 * MINUTE_MS, 'two')],
  ])('is waited for however long it was %s', async (_what, pass) => {
    const untelling = await untold();
    await pass(untelling);
    expect(await untelling.read(100, MINUTE_MS)).toMatchObject(waits);
  });

  test('has its two hours anew once it was told', async () => {
    const { state, read } = await untold();
    await read(100, MINUTE_MS);
    Object.assign(state, { failure: null, told: { status: 'REQUIRES_REVIEW' } });
    expect(await read(1, MINUTE_MS)).toMatchObject(waits);
    state.failure = NOT_FOUND;
    expect(await read(100, MINUTE_MS)).toMatchObject(waits);
  });
});
