import { fingerprint } from '@capstan/shared/domain/fingerprint';
import type { PaymentCommand } from '@capstan/shared/domain/payment-command';
import { expect, test } from 'vitest';
import { decideAcceptance, type Known } from '../src/decide-acceptance.ts';

const NOTHING: Known = {
  now: new Date('2026-05-18T10:00:00Z'),
  commands: [],
  payments: [],
  busyPayments: [],
};

function document(idempotencyKey: string) {
  const command: PaymentCommand = {
    type: 'payment.submit-document',
    payment: { externalId: 'order-1' },
    document: { type: 'kyc', url: 'https://files.example/kyc.pdf' },
  };
  return { idempotencyKey, command, createBody: null, acceptedBy: 'test' };
}

function capture(idempotencyKey: string, notAfter?: string) {
  const command: PaymentCommand = {
    type: 'payment.capture',
    payment: { id: 'conomy-1' },
    ...(notAfter ? { notAfter } : {}),
  };
  return { idempotencyKey, command, createBody: null, acceptedBy: 'test' };
}

function decide(items: Parameters<typeof decideAcceptance>[0], known: Known = NOTHING) {
  let drawn = 0;
  return decideAcceptance(items, known, () => `id-${++drawn}`);
}

test('a notAfter is compared with the database’s time, to the instant', () => {
  const { decisions } = decide([
    capture('a', '2026-05-18T12:00:00.001+02:00'),
    capture('b', '2026-05-18T10:00:00Z'),
  ]);

  expect(decisions.map(({ kind }) => kind)).toEqual(['new', 'refused']);
});

test('a command accepted before its notAfter is replayed after it', () => {
  const item = capture('a', '2026-05-18T09:00:00Z');
  const known = {
    ...NOTHING,
    commands: [{ id: 'older', idempotencyKey: 'a', fingerprint: fingerprint(item.command) }],
  };

  expect(decide([item], known).decisions).toEqual([{ kind: 'replayed', commandId: 'older' }]);
});

test('a refused item leaves nothing for the items after it', () => {
  const { decisions, newPayments } = decide([capture('a', '2020-01-01T00:00:00Z'), capture('b')]);

  expect(newPayments).toHaveLength(1);
  expect(decisions[1]).toMatchObject({ kind: 'new', command: { status: 'accepted' } });
});

test('a payment with an open command blocks, one without does not', () => {
  const payment = {
    key: 'p',
    conomyId: 'conomy-1',
    externalId: null,
    snapshot: {},
    status: 'CREATED',
    final: false,
  };
  const idle = decide([capture('a')], { ...NOTHING, payments: [payment] });
  const busy = decide([capture('a')], {
    ...NOTHING,
    payments: [payment],
    busyPayments: [{ key: 'p', isDocument: false }],
  });

  expect(idle.decisions[0]).toMatchObject({ command: { status: 'accepted', paymentKey: 'p' } });
  expect(busy.decisions[0]).toMatchObject({ command: { status: 'blocked', paymentKey: 'p' } });
  expect([idle.newPayments, busy.newPayments]).toEqual([[], []]);
});

test('a document waits for an earlier document, and for the Conomy id, but not for a step held up beside it', () => {
  const known = (conomyId: string | null, ...busy: ('step' | 'document')[]): Known => ({
    ...NOTHING,
    payments: [{ key: 'p', conomyId, externalId: 'order-1', snapshot: {}, status: null, final: false }],
    busyPayments: busy.map((what) => ({ key: 'p', isDocument: what === 'document' })),
  });
  const statusOf = (given: Known) => {
    const [decision] = decide([document('a')], given).decisions;
    return decision?.kind === 'new' ? decision.command.status : decision;
  };

  expect(statusOf(known('conomy-1', 'step'))).toBe('accepted');
  expect(statusOf(known('conomy-1', 'document'))).toBe('blocked');
  expect(statusOf(known(null, 'step'))).toBe('blocked');
  expect(statusOf(known(null))).toBe('accepted');
});

test('a document does not hold up the steps after it', () => {
  const payment = {
    key: 'p',
    conomyId: 'conomy-1',
    externalId: 'order-1',
    snapshot: {},
    status: 'CREATED',
    final: false,
  };
  const { decisions } = decide([document('a'), capture('b'), document('c')], {
    ...NOTHING,
    payments: [payment],
  });
  expect(decisions).toMatchObject([
    { command: { status: 'accepted', document: { type: 'kyc' } } },
    { command: { status: 'accepted', document: null } },
    { command: { status: 'blocked' } },
  ]);
});
