/** A document handed in for the review of a payment: beside the capture that the review holds, and once. */
import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import { findPayment } from '@capstan/shared/db/payments';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertCreate,
  insertDocument,
  openCapturerFixture,
  redrive,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;

beforeAll(async () => {
  fixture = await openCapturerFixture();
  await fixture.control('config', { review: { thresholds: { COP: '1.00' } } });
});
afterAll(() => fixture.close());
afterEach(async () => {
  await fixture.control('faults', { seed: 1, rules: [] });
  await fixture.control('config', { shapes: { writes: 'full' } });
});

/** A create whose capture a review holds. */
async function heldPayment() {
  const { id, paymentKey } = await insertCreate(fixture.pool);
  await executeCommand(fixture.context, id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing' });
  const conomyId = (await findPayment(fixture.pool, paymentKey))?.conomyId ?? '';
  return { id, paymentKey, conomyId };
}

async function documentsOf(conomyId: string): Promise<number> {
  const { payments } = (await fixture.control('ledger')) as {
    payments: { id: string; documents?: number }[];
  };
  return payments.find(({ id }) => id === conomyId)?.documents ?? 0;
}

const attemptsOf = async (id: string) =>
  (await findAttemptsOfCommand(fixture.pool, id)).map(({ outcome, resolution }) => [outcome, resolution]);

describe('a document', () => {
  test.each(['full', 'partial'])(
    'is handed in while the review holds the capture (answer: %s)',
    async (writes) => {
      const { id: create, paymentKey, conomyId } = await heldPayment();
      await fixture.control('config', { shapes: { writes } });
      const id = await insertDocument(fixture.pool, paymentKey);
      expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded', stepsDone: 1 });
      expect(await documentsOf(conomyId)).toBe(1);
      expect(await findCommand(fixture.pool, create)).toMatchObject({
        status: 'executing',
        waitsFor: 'review',
      });
      // The answer may be about the document alone: the mirror moves by a read, which is due at once.
      expect(await findPayment(fixture.pool, paymentKey)).toMatchObject({ status: 'REQUIRES_REVIEW' });
      const { rows } = await fixture.pool.query(
        'select offer_at <= capstan_now() as due from payments where key = $1',
        [paymentKey],
      );
      expect(rows).toEqual([{ due: true }]);
    },
  );

  test('accepted before its payment exists at Conomy is due as soon as it does', async () => {
    const { id: create, paymentKey } = await insertCreate(fixture.pool);
    const id = await insertDocument(fixture.pool, paymentKey, 'blocked');
    await executeCommand(fixture.context, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'blocked' });
    await executeCommand(fixture.context, create);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'accepted' });
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
  });

  test('whose read is overtaken by the settlement contradicts nothing', async () => {
    const { paymentKey, conomyId } = await heldPayment();
    const { provider } = fixture.context;
    const context = {
      ...fixture.context,
      provider: {
        ...provider,
        readPayment: async (...call: Parameters<typeof provider.readPayment>) => {
          const told = await provider.readPayment(...call);
          await fixture.pool.query(
            `update payments set status = 'SETTLED', cause = 'read', version = version + 1 where key = $1`,
            [paymentKey],
          );
          return told;
        },
      },
    };
    const id = await insertDocument(fixture.pool, paymentKey);
    await executeCommand(context, id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'succeeded' });
    expect(await documentsOf(conomyId)).toBe(1);
    const { rows } = await fixture.pool.query('select kind from discrepancies where payment_key = $1', [
      paymentKey,
    ]);
    expect(rows).toEqual([]);
  });

  test('ends with a create that comes to nothing', async () => {
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'create', fault: '422', count: 1 }] });
    const { id: create, paymentKey } = await insertCreate(fixture.pool);
    const id = await insertDocument(fixture.pool, paymentKey, 'blocked');
    await executeCommand(fixture.context, create);
    expect(await findCommand(fixture.pool, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'predecessor_failed' },
    });
  });

  test.each([
    ['422', '21'],
    ['409', '13'],
    ['403', '43'],
  ])('that Conomy refuses with %s is rejected with its code', async (fault, code) => {
    const { paymentKey, conomyId } = await heldPayment();
    await fixture.control('faults', { seed: 1, rules: [{ operation: 'documents', fault, count: 1 }] });
    const id = await insertDocument(fixture.pool, paymentKey);
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'provider_rejected', provider: { code } },
    });
    expect(await documentsOf(conomyId)).toBe(0);
  });
});

describe('a document whose answer was lost', () => {
  const lose = (fault: string) =>
    fixture.control('faults', { seed: 1, rules: [{ operation: 'documents', fault, count: 1 }] });

  test('but that arrived is known by how far the documents of the payment are, and not sent again', async () => {
    const { paymentKey, conomyId } = await heldPayment();
    await lose('reset-after');
    const id = await insertDocument(fixture.pool, paymentKey);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await attemptsOf(id)).toEqual([['unknown', 'succeeded']]);
    expect(await documentsOf(conomyId)).toBe(1);
  });

  test('and that did not arrive is sent again after its absence was established', async () => {
    const { paymentKey, conomyId } = await heldPayment();
    await lose('reset-before');
    const id = await insertDocument(fixture.pool, paymentKey);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await attemptsOf(id)).toEqual([
      ['unknown', 'retryable'],
      ['succeeded', null],
    ]);
    expect(await documentsOf(conomyId)).toBe(1);
  });

  test('right behind one that does not show yet is parked too, not taken for that one', async () => {
    const { paymentKey, conomyId } = await heldPayment();
    const rule = { operation: 'documents', count: 1 };
    await fixture.control('faults', {
      seed: 1,
      // Less than the span of absence, which is 600 ms here.
      rules: [{ ...rule, fault: 'lag', delayMs: 400 }],
    });
    const first = await insertDocument(fixture.pool, paymentKey);
    expect(await runToItsEnd(fixture, first)).toMatchObject({ status: 'succeeded' });
    await lose('reset-before');
    const second = await insertDocument(fixture.pool, paymentKey);
    expect(await runToItsEnd(fixture, second)).toMatchObject({
      status: 'parked',
      problem: { code: 'document_unresolved' },
    });
    expect(await documentsOf(conomyId)).toBe(1);
  });

  test.each(['CAPTURED', 'FAILED'])(
    'and whose payment left its review meanwhile, %s, is parked: the end of a review says nothing of a document',
    async (status) => {
      const { paymentKey, conomyId } = await heldPayment();
      await lose('reset-before');
      const { provider } = fixture.context;
      const context: CapturerContext = {
        ...fixture.context,
        provider: {
          ...provider,
          submitDocument: async (...call) => {
            const told = await provider.submitDocument(...call);
            await fixture.control(`payments/${conomyId}/transition`, { status });
            return told;
          },
        },
      };
      const id = await insertDocument(fixture.pool, paymentKey);
      expect(await runToItsEnd({ pool: fixture.pool, context }, id)).toMatchObject({
        status: 'parked',
        problem: { code: 'document_unresolved' },
      });
      expect(await documentsOf(conomyId)).toBe(0);
    },
  );

  test('behind one that had arrived is parked, and handed in again once a person redrives it', async () => {
    const { paymentKey, conomyId } = await heldPayment();
    await runToItsEnd(fixture, await insertDocument(fixture.pool, paymentKey));
    await lose('reset-before');
    const id = await insertDocument(fixture.pool, paymentKey);
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'document_unresolved' },
    });
    expect(await documentsOf(conomyId)).toBe(1);

    await redrive(fixture, id);
    expect(await runToItsEnd(fixture, id)).toMatchObject({ status: 'succeeded' });
    expect(await documentsOf(conomyId)).toBe(2);
  });

  test('is handed in once more per redrive: lost again, it is parked again', async () => {
    const { paymentKey, conomyId } = await heldPayment();
    await runToItsEnd(fixture, await insertDocument(fixture.pool, paymentKey));
    await fixture.control('faults', {
      seed: 1,
      rules: [{ operation: 'documents', fault: 'reset-after', count: 2 }],
    });
    const id = await insertDocument(fixture.pool, paymentKey);
    await runToItsEnd(fixture, id);
    await redrive(fixture, id);
    expect(await runToItsEnd(fixture, id)).toMatchObject({
      status: 'parked',
      problem: { code: 'document_unresolved' },
    });
    expect(await documentsOf(conomyId)).toBe(3);
  });
});
