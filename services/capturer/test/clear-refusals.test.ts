/** A clear refusal of a step that may have been taken: it is looked up over time before anything ends. */
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findPayment } from '@capstan/shared/db/payments';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { FAILURES_MAX } from '../src/decide-next.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  absentReadsOf,
  type CapturerFixture,
  insertCreate,
  insertRefund,
  openCapturerFixture,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

type Answer = ProviderResult<ObservedPayment>;
type Step = 'authorizePayment' | 'capturePayment';

function refusal(httpStatus: number): Answer {
  const [code, type] = httpStatus === 404 ? ['31', 'notFound'] : ['21', 'failedPrecondition'];
  return { ok: false, failure: { stage: 'answered', reason: `http_${httpStatus}`, httpStatus, code, type } };
}

/** The provider as it is, but for what `answer` makes of the nth call of one step. */
function answering(
  step: Step,
  answer: (nth: number, send: () => Promise<Answer>) => Promise<Answer>,
  readPayment = fixture.context.provider.readPayment,
): CapturerContext {
  let calls = 0;
  const { provider } = fixture.context;
  const answered = (id: string) => answer(++calls, () => provider[step](id));
  return { ...fixture.context, provider: { ...provider, readPayment, [step]: answered } };
}

const run = (context: CapturerContext, id: string) => runToItsEnd({ pool: fixture.pool, context }, id);

async function atConomy(externalId: string) {
  const { payments } = await fixture.control('ledger');
  return (payments as { externalId: string }[]).filter((payment) => payment.externalId === externalId);
}

describe.each(['authorizePayment', 'capturePayment'] as const)('%s', (step) => {
  const plan = { then: step === 'capturePayment' ? ['capture'] : ['authorize', 'capture'] };

  test('that does not find the payment we just made is sent again, and the command succeeds', async () => {
    const { id, externalId } = await insertCreate(fixture.pool, plan);
    const context = answering(step, async (nth, send) => (nth === 1 ? refusal(404) : send()));
    expect(await run(context, id)).toMatchObject({ status: 'succeeded' });
    expect(await atConomy(externalId)).toMatchObject([{ status: 'CAPTURED', effects: { capture: 1 } }]);
  });

  test.each([404, 409, 412, 422])(
    'that answers %i although it took effect, while a read lags, is found taken',
    async (httpStatus) => {
      const { id, externalId } = await insertCreate(fixture.pool, plan);
      const { readPayment } = fixture.context.provider;
      let lagging = 1;
      const lagged: typeof readPayment = async (...call) => {
        const read = await readPayment(...call);
        if (!read.ok || lagging-- <= 0) return read;
        return { ...read, value: { ...read.value, status: 'CREATED' } };
      };
      const refusing = async (nth: number, send: () => Promise<Answer>) => {
        const answer = await send();
        return nth === 1 ? refusal(httpStatus) : answer;
      };
      const context = answering(step, refusing, lagged);
      expect(await run(context, id)).toMatchObject({ status: 'succeeded' });
      expect(lagging).toBeLessThanOrEqual(0);
      expect(await atConomy(externalId)).toMatchObject([{ status: 'CAPTURED', effects: { capture: 1 } }]);
    },
  );
});

test('a capture refused for its state ends with what Conomy said, after three reads over the span', async () => {
  const { id } = await insertCreate(fixture.pool);
  const context = answering('capturePayment', async () => refusal(422));
  expect(await run(context, id)).toMatchObject({
    status: 'rejected',
    stepsDone: 1,
    problem: { code: 'provider_rejected', provider: { status: 422, code: '21' } },
  });
  const reads = await absentReadsOf(fixture.pool, id);
  expect(reads.length).toBeGreaterThanOrEqual(3);
  const spanMs = (reads.at(-1) ?? 0) - (reads[0] ?? 0);
  expect(spanMs).toBeGreaterThanOrEqual(fixture.context.timings.absence.spanMsMin);
  expect(await findAttemptsOfCommand(fixture.pool, id)).toHaveLength(2);
});

test('a payment that is never found ends its capture with what Conomy said, after the last of five tries', async () => {
  const { id } = await insertCreate(fixture.pool);
  let captures = 0;
  const context = answering('capturePayment', async () => {
    captures += 1;
    return refusal(404);
  });
  await executeCommand(context, id);
  await fixture.pool.query('update commands set failures = $2 where id = $1', [id, FAILURES_MAX - 2]);
  expect(await run(context, id)).toMatchObject({
    status: 'rejected',
    problem: { code: 'provider_rejected', provider: { status: 404, code: '31' } },
  });
  expect(captures).toBe(2);
});

describe('a refund that answers 422', () => {
  /** A refund of a settled payment, refused after it was made or instead; the list is empty at the first look. */
  async function refuse(isMade: boolean) {
    const { id: create, paymentKey } = await insertCreate(fixture.pool);
    await executeCommand(fixture.context, create);
    const conomyId = (await findPayment(fixture.pool, paymentKey))?.conomyId ?? '';
    for (const status of ['RECEIVED', 'SETTLED'])
      await fixture.control(`payments/${conomyId}/transition`, { status });
    const id = await insertRefund(fixture.pool, paymentKey, '150.00');
    const { provider } = fixture.context;
    let emptyLists = 0;
    const refusing: CapturerContext['provider'] = {
      ...provider,
      refundPayment: async (...call) => {
        if (isMade) await provider.refundPayment(...call);
        emptyLists = 1;
        return refusal(422);
      },
      listRefundsOf: async (...call) => {
        const listed = await provider.listRefundsOf(...call);
        return listed.ok && emptyLists-- > 0 ? { ok: true, value: { ...listed.value, refunds: [] } } : listed;
      },
    };
    return { id, context: { ...fixture.context, provider: refusing } };
  }

  test('although it was made is found, and the command succeeds', async () => {
    const { id, context } = await refuse(true);
    expect(await run(context, id)).toMatchObject({ status: 'succeeded' });
  });

  test('and was not made ends with what Conomy said, and is sent once', async () => {
    const { id, context } = await refuse(false);
    expect(await run(context, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'provider_rejected', provider: { status: 422 } },
    });
    expect((await absentReadsOf(fixture.pool, id)).length).toBeGreaterThanOrEqual(3);
    expect(await findAttemptsOfCommand(fixture.pool, id)).toHaveLength(1);
  });
});

test('a capture of lost answer waits in line with the review that holds its payment, and is read when it is over', async () => {
  const { id } = await insertCreate(fixture.pool);
  const { readPayment } = fixture.context.provider;
  const reviewing: typeof readPayment = async (...call) => {
    const read = await readPayment(...call);
    return read.ok ? { ...read, value: { ...read.value, status: 'REQUIRES_REVIEW' } } : read;
  };
  const lost: Answer = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };
  await executeCommand(
    answering('capturePayment', async () => lost, reviewing),
    id,
  );
  const { rows } = await fixture.pool.query('select status, waits_for from commands where id = $1', [id]);
  expect(rows).toEqual([{ status: 'executing', waits_for: 'review' }]);
});

test.each(['DISPUTED', 'REVERSED', 'COMPLETED'])(
  'a capture of lost answer whose payment is read as %s is parked for its status',
  async (status) => {
    const { id, paymentKey } = await insertCreate(fixture.pool);
    const { readPayment } = fixture.context.provider;
    const telling: typeof readPayment = async (...call) => {
      const read = await readPayment(...call);
      return read.ok ? { ...read, value: { ...read.value, status } } : read;
    };
    const lost: Answer = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };
    const context = answering('capturePayment', async () => lost, telling);
    expect(await run(context, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'status_unclear', detail: expect.stringContaining(status) },
    });
    const { rows } = await fixture.pool.query('select status from payments where key = $1', [paymentKey]);
    expect(rows).toEqual([{ status }]);
  },
);
