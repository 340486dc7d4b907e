/** Each invariant turns red when what it guards is broken, and only then. */
import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { UNKNOWN_STATUS } from '@capstan/conomy-sandbox/told-payments';
import { expect, test } from 'vitest';
import type { AttemptFact, CommandFact, Facts } from '../../src/chaos/facts.ts';
import { INVARIANTS } from '../../src/chaos/invariants.ts';

const attempt = (operation: string): AttemptFact => ({
  operation,
  number: 1,
  outcome: 'succeeded',
  resolution: null,
  failure: null,
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:00:01Z',
  reads: [],
});

const command = (over: Partial<CommandFact> = {}): CommandFact => ({
  id: 'c1',
  key: 'k1',
  type: 'payment.create',
  status: 'succeeded',
  problem: null,
  paymentKey: 'p1',
  externalId: 'order-1',
  conomyId: 'conomy-1',
  steps: ['create', 'capture'],
  stepsDone: 2,
  amount: null,
  redrives: 0,
  nextInMs: 0,
  attempts: [attempt('create'), attempt('capture')],
  ...over,
});

const payment = (over: Partial<LedgerPayment> = {}): LedgerPayment => ({
  id: 'conomy-1',
  externalId: 'order-1',
  type: 'P2P',
  status: 'SETTLED',
  totalAmount: '100.00',
  currency: 'COP',
  accountNumber: 'account-1',
  purchaseAmount: '100.00',
  purchaseCurrency: 'COP',
  effects: { create: 1, authorize: 0, capture: 1, refund: 0 },
  calls: { create: 1, authorize: 0, capture: 1, refund: 0, read: 1, simulate: 0 },
  history: [
    { at: '2026-01-01T00:00:00Z', status: 'CAPTURED' },
    { at: '2026-01-01T00:00:09Z', status: 'SETTLED' },
  ],
  asked: [],
  ...over,
});

const refund = (over: Partial<LedgerPayment> = {}) =>
  payment({
    id: 'refund-1',
    externalId: '',
    type: 'REFUND',
    totalAmount: '10.00',
    parentPaymentId: 'conomy-1',
    effects: { create: 1, authorize: 0, capture: 0, refund: 0 },
    ...over,
  });

const MOVED = { cause: 'read', at: '2026-01-01T00:00:00Z' };

function facts(over: Partial<Facts> = {}): Facts {
  const intended = {
    key: 'k1',
    command: {
      type: 'payment.create',
      payment: {
        externalId: 'order-1',
        accountNumber: 'account-1',
        type: 'P2P',
        purchaseAmount: '100',
        purchaseCurrency: 'COP',
      },
    },
    ends: ['succeeded'],
    after: 'nothing',
    doubled: false,
  } as const;
  return {
    intents: [{ externalId: 'order-1', what: 'a payment', atMs: 0, mayCapture: true, commands: [intended] }],
    sent: [{ intended, commandIds: new Set(['c1']), refusal: null, cancel: null }],
    commands: [command()],
    mirror: [
      {
        key: 'p1',
        conomyId: 'conomy-1',
        externalId: 'order-1',
        released: false,
        kind: 'payment',
        status: 'SETTLED',
        version: 2,
        snapshot: { type: 'P2P', totalAmount: 100, currency: 'COP' },
      },
    ],
    journal: [
      { paymentKey: 'p1', version: 1, from: null, to: 'CAPTURED', ...MOVED },
      { paymentKey: 'p1', version: 2, from: 'CAPTURED', to: 'SETTLED', ...MOVED },
    ],
    events: [
      { paymentKey: 'p1', sequence: 1, type: 'payment.moved', version: 1, commandId: null },
      { paymentKey: 'p1', sequence: 2, type: 'command.succeeded', version: null, commandId: 'c1' },
      { paymentKey: 'p1', sequence: 3, type: 'payment.moved', version: 2, commandId: null },
    ],
    discrepancies: [],
    ledger: { payments: [payment()], attempts: [], byExternalId: { 'order-1': 1 }, accounts: [], filled: [] },
    lostParts: [],
    leaks: [],
    ...over,
  };
}

const ledger = (...payments: LedgerPayment[]) => ({
  payments,
  attempts: [],
  byExternalId: {},
  accounts: [],
  filled: [],
});
const broken = (over: Partial<Facts>) =>
  INVARIANTS.filter(({ check }) => check(facts(over)).breaches.length > 0).map(({ statement }) => statement);
const [mirrored] = facts().mirror;
if (!mirrored) throw new Error('the facts mirror nothing');

test('all hold when nothing is wrong', () => {
  expect(broken({})).toEqual([]);
});

const contradicted = (mirrored: string, told: string) => ({
  kind: 'final_contradicted',
  conomyId: 'conomy-1',
  mirror: { status: mirrored },
  provider: { status: told },
});

test('a document that an operator redrove may be handed in a second time', () => {
  const k2 = { ...refunding('k2'), command: { type: 'payment.submit-document' } };
  const commands = [command(), submitted({ redrives: 1 })];
  const intents = facts().intents.map((intent) => ({ ...intent, commands: [...intent.commands, k2] }));
  expect(broken({ ledger: ledger(payment({ documents: 2 })), commands, intents })).toEqual([]);
  expect(broken({ ledger: ledger(payment({ documents: 3 })), commands, intents })).not.toEqual([]);
});

test('a document that Conomy refused may have been handed in all the same', () => {
  const k2 = { ...refunding('k2'), command: { type: 'payment.submit-document' } };
  const intents = facts().intents.map((intent) => ({ ...intent, commands: [...intent.commands, k2] }));
  const refused = { status: 'rejected', problem: 'provider_rejected' };
  const commands = [command(), submitted(refused)];
  expect(broken({ ledger: ledger(payment({ documents: 1 })), commands, intents })).not.toContainEqual(
    expect.stringMatching(/^documents were handed in/),
  );
});

test('a refund of others between our list and the end of our call may stand for ours', () => {
  const own = ['one', 'other'].map((key) => ({ ...refunding(key), ends: ['succeeded'] }));
  const [intent] = facts().intents;
  if (!intent) throw new Error('no intent');
  const within = {
    commands: [command(), refunded('10.00')],
    ledger: elsewhere('2026-01-01T00:00:25Z'),
    intents: [{ ...intent, commands: [...intent.commands, ...own, { ...refunding('r-10.00') }] }],
  };
  expect(broken(within)).not.toContainEqual(expect.stringMatching(/^refund commands that succeeded have/));
});

test.each([
  ['twin', 'conomy-2', {}],
  ['missing_here', 'conomy-2', {}],
  ['missing_here', '6b0d93d4f111000001000002', {}],
  ['orphan_delivery', 'conomy-7', {}],
  ['amount_differs', 'conomy-1', { totalAmount: '200.00', currency: 'COP' }],
  ['status_differs', 'conomy-1', { status: 'SETTLED' }],
  ['field_differs', 'conomy-1', { accountNumber: 'account-2' }],
])('an alarm of kind %s about %s stands for what the ledger shows', (kind, conomyId, provider) => {
  const discrepancies = [{ kind, conomyId, mirror: { status: 'CAPTURED' }, provider }];
  const twin = payment({ id: 'conomy-2', effects: { create: 1, authorize: 0, capture: 0, refund: 0 } });
  const withTwin = { ...ledger(payment(), twin), byExternalId: { 'order-1': 2 } };
  expect(broken({ discrepancies, ledger: withTwin })).toEqual([]);
});

test.each([
  ['twin', 'conomy-1', {}],
  ['missing_here', 'conomy-8', {}],
  ['orphan_delivery', 'conomy-1', {}],
  ['amount_differs', 'conomy-1', { totalAmount: 100, currency: 'COP' }],
  ['status_differs', 'conomy-1', { status: 'CAPTURED' }],
  ['field_differs', 'conomy-1', { accountNumber: 'account-1' }],
  ['over_refunded', 'conomy-1', {}],
  ['overdue', 'conomy-1', {}],
])('an alarm of kind %s about %s stands for nothing', (kind, conomyId, provider) => {
  const discrepancies = [{ kind, conomyId, mirror: { status: 'SETTLED' }, provider }];
  expect(broken({ discrepancies })).toEqual([expect.stringMatching(/^every alarm stands for/)]);
});

test('an alarm of a refund child of another amount stands only where a refund command asked for that amount', () => {
  const commands = [command(), { ...refunded('20'), status: 'parked', problem: 'amount_differs' }];
  const told = (asked: string) => ({
    discrepancies: [
      {
        kind: 'amount_differs',
        conomyId: refund().id,
        mirror: { totalAmount: asked, currency: 'COP' },
        provider: { totalAmount: '10.00', currency: 'COP' },
      },
    ],
    ledger: ledger(payment(), refund()),
    commands,
  });
  expect(broken(told('20.00'))).not.toContainEqual(expect.stringMatching(/^every alarm stands for/));
  expect(broken(told('30.00'))).toContainEqual(expect.stringMatching(/^every alarm stands for/));
});

test('an alarm of a refund child stands where it was first told with an amount that it never had', () => {
  const told = (totalAmount: string) => ({
    discrepancies: [
      {
        kind: 'amount_differs',
        conomyId: refund().id,
        mirror: { status: 'RECEIVED', totalAmount, currency: 'COP' },
        provider: { status: 'SETTLED', totalAmount: '10.00', currency: 'COP' },
      },
    ],
    ledger: ledger(payment(), refund()),
    commands: [command(), refunded('10.00')],
  });
  expect(broken(told('20.00'))).not.toContainEqual(expect.stringMatching(/^every alarm stands for/));
  expect(broken(told('10.00'))).toContainEqual(expect.stringMatching(/^every alarm stands for/));
});

test.each([
  ['parked', true],
  ['succeeded', false],
  ['rejected', false],
])('a refund that a fault made of another amount is that of a command that is %s: %s', (status, holds) => {
  const commands = [command(), refunded('10.00'), { ...refunded('8.00'), status, problem: 'amount_differs' }];
  const children = [refund(), refund({ id: 'refund-2', totalAmount: '4.00', madeOtherwise: true })];
  const red = expect.stringMatching(/^refunds were made once/);
  const found = broken({ commands, ledger: ledger(payment(), ...children) });
  if (holds) expect(found).not.toContainEqual(red);
  else expect(found).toContainEqual(red);
});

test('an amount that a read told in error is mirrored where an alarm is open about it', () => {
  const told = (totalAmount: string) => ({
    kind: 'amount_differs',
    conomyId: 'conomy-1',
    mirror: { status: 'CAPTURED', totalAmount: '100.01', currency: 'COP' },
    provider: { status: 'SETTLED', totalAmount, currency: 'COP' },
  });
  const brokenBeside = (totalAmount: string) =>
    broken({ ledger: ledger(payment({ totalAmount: '100.01' })), discrepancies: [told(totalAmount)] });
  expect(brokenBeside('100.00')).not.toContainEqual(expect.stringMatching(/field by field/));
  expect(brokenBeside('100.02')).toContainEqual(expect.stringMatching(/field by field/));
});

test('two refunds that a fault made of another amount need two commands', () => {
  const commands = [command(), { ...refunded('8.00'), status: 'parked', problem: 'amount_differs' }];
  const children = ['1', '2'].map((id) => refund({ id, totalAmount: '4.00', madeOtherwise: true }));
  expect(broken({ commands, ledger: ledger(payment(), ...children) })).toContainEqual(
    expect.stringMatching(/^refunds were made once/),
  );
});

test('an alarm may stay open where the provider told a made-up status of a final payment', () => {
  expect(broken({ discrepancies: [contradicted('SETTLED', UNKNOWN_STATUS)] })).toEqual([]);
});

const refunding = (key: string) => ({
  key,
  command: { type: 'payment.refund' },
  ends: ['succeeded'],
  after: 'settled' as const,
  doubled: false,
});

const submitted = (over: Partial<CommandFact> = {}) =>
  command({
    key: 'k2',
    type: 'payment.submit-document',
    steps: ['submit_document'],
    attempts: [attempt('submit_document')],
    ...over,
  });

const refunded = (amount: string) =>
  command({ id: `r-${amount}`, key: `r-${amount}`, type: 'payment.refund', steps: ['refund'], amount });

/** A child of equal amount that others made; the refunds were listed at :20 and ours was asked for at :30. */
const elsewhere = (at: string) =>
  ledger(
    payment({
      asked: [
        { at: '2026-01-01T00:00:20Z', operation: 'payment-refunds' },
        { at: '2026-01-01T00:00:30Z', operation: 'refund' },
      ],
    }),
    refund({ madeBy: 'others', history: [{ at, status: 'RECEIVED' }] }),
  );

const CASES: [string, Partial<Facts>, RegExp][] = [
  ['an accepted command that is gone', { commands: [] }, /^accepted commands are there/],
  [
    'two ids for one key',
    { sent: facts().sent.map((sent) => ({ ...sent, commandIds: new Set(['c1', 'c2']) })) },
    /^accepted commands are there/,
  ],
  [
    'a command still at work',
    { commands: [command({ status: 'unresolved' })] },
    /^commands ended, are parked/,
  ],
  [
    'a parked command without a reason',
    { commands: [command({ status: 'parked' })] },
    /^commands ended, are parked/,
  ],
  [
    'an end that was not possible',
    { commands: [command({ status: 'rejected', problem: 'payment_not_open' })] },
    /^commands ended in a way/,
  ],
  [
    'a refund of everything beside another refund',
    {
      intents: facts().intents.map((intent) => ({
        ...intent,
        commands: [...intent.commands, refunding('k2'), { ...refunding('k3'), fitsOnlyAlone: true }],
      })),
      commands: [
        command(),
        command({ key: 'k2', type: 'payment.refund' }),
        command({ key: 'k3', type: 'payment.refund' }),
      ],
    },
    /^commands ended in a way/,
  ],
  [
    'a payment captured twice',
    { ledger: ledger(payment({ effects: { create: 1, authorize: 0, capture: 2, refund: 0 } })) },
    /^payments were captured once/,
  ],
  [
    'a captured twin',
    { ledger: ledger(payment(), payment({ id: 'conomy-2' })) },
    /^intents have one captured/,
  ],
  ['a refund nobody asked for', { ledger: ledger(payment(), refund()) }, /^refunds were made once/],
  [
    'two refunds for one command',
    {
      ledger: ledger(payment(), refund(), refund({ id: 'refund-2' })),
      commands: [
        command(),
        command({ key: 'k2', type: 'payment.refund', amount: '10.00', steps: ['refund'] }),
      ],
    },
    /^refunds were made once/,
  ],
  [
    'two documents of one command',
    { ledger: ledger(payment({ documents: 2 })), commands: [command(), submitted()] },
    /^documents were handed in/,
  ],
  [
    'a document that was not to be sent and was handed in',
    {
      ledger: ledger(payment({ documents: 1 })),
      commands: [command(), submitted({ status: 'rejected', problem: 'payment_not_open' })],
    },
    /^documents were handed in/,
  ],
  [
    'a document that succeeded and was not handed in',
    { ledger: ledger(payment()), commands: [command(), submitted()] },
    /^documents were handed in/,
  ],
  [
    'refunds of more than was paid',
    { ledger: ledger(payment(), refund({ totalAmount: '100.01' })) },
    /gave back no more/,
  ],
  [
    'a success without a capture',
    { ledger: ledger(payment({ effects: { create: 1, authorize: 0, capture: 0, refund: 0 } })) },
    /^commands that succeeded/,
  ],
  [
    'a refund that was refused and made',
    {
      ledger: ledger(payment(), refund()),
      commands: [
        command(),
        command({
          key: 'k2',
          type: 'payment.refund',
          amount: '10.00',
          steps: ['refund'],
          status: 'rejected',
        }),
      ],
    },
    /^refunds were made once/,
  ],
  [
    'a capture that was refused and taken',
    { commands: [command({ status: 'rejected', problem: 'provider_rejected' })] },
    /^captures that were refused/,
  ],
  [
    'a status the provider does not have',
    { ledger: ledger(payment({ status: 'FAILED' })) },
    /field by field/,
  ],
  [
    'a mirror of what is no payment',
    { mirror: [{ ...mirrored, conomyId: 'conomy-404' }], ledger: ledger(payment()) },
    /field by field/,
  ],
  ['another amount', { ledger: ledger(payment({ totalAmount: '100.01' })) }, /field by field/],
  ['a captured payment nobody mirrors', { mirror: [] }, /are mirrored, or their command/],
  [
    'a final state that was left',
    {
      journal: [
        ...facts().journal,
        { paymentKey: 'p1', version: 3, from: 'SETTLED', to: 'CAPTURED', ...MOVED },
      ],
    },
    /^moves left no final state/,
  ],
  [
    'a mirror that went back over a status nobody knows',
    {
      journal: ['CREATED', 'CAPTURED', 'ON_HOLD', 'CREATED'].map((to, nth, all) => ({
        paymentKey: 'p1',
        version: nth + 1,
        from: all[nth - 1] ?? null,
        to,
        ...MOVED,
      })),
      mirror: [{ ...mirrored, version: 4 }],
    },
    /^moves left no final state, never went back/,
  ],
  ['a version that is missing', { mirror: [{ ...mirrored, version: 3 }] }, /^moves left no final state/],
  ['an event that is missing', { events: facts().events.slice(1) }, /^events told/],
  ['a move nobody told', { events: facts().events.slice(0, 2) }, /^events told/],
  ['an end nobody told', { commands: [command({ id: 'c2' })] }, /^events told/],
  [
    'a move to what the payment never was',
    {
      journal: facts().journal.map((move) => (move.version === 1 ? { ...move, to: 'DISPUTED' } : move)),
    },
    /^mirrors moved only to what/,
  ],
  [
    'a capture of a payment of others',
    { ledger: ledger(payment(), payment({ id: 'conomy-9', externalId: 'others-1', madeBy: 'others' })) },
    /^captures were of payments/,
  ],
  ...Object.entries({
    amount: { purchaseAmount: '200.00' },
    currency: { purchaseCurrency: 'USD' },
    account: { accountNumber: 'account-2' },
    type: { type: 'REMITTANCE' },
    externalId: { externalId: 'order-1-cut' },
  } as const).map(([what, over]): [string, Partial<Facts>, RegExp] => [
    `a capture of a payment of another ${what}`,
    { ledger: ledger(payment(over)) },
    /^captures were of payments/,
  ]),
  [
    'a refund that succeeded by a child of another amount',
    { commands: [command(), refunded('10.01')], ledger: ledger(payment(), refund()) },
    /^refund commands that succeeded have a child/,
  ],
  [
    'one child for two refunds',
    { commands: [command(), refunded('10.00'), refunded('10')], ledger: ledger(payment(), refund()) },
    /^refund commands that succeeded have a child/,
  ],
  [
    'a refund that succeeded by a child which others made after its call',
    { commands: [command(), refunded('10.00')], ledger: elsewhere('2026-01-01T00:00:33Z') },
    /^refund commands that succeeded have a child/,
  ],
  [
    'a refund that succeeded by a child which others made before its list',
    { commands: [command(), refunded('10.00')], ledger: elsewhere('2026-01-01T00:00:19Z') },
    /^refund commands that succeeded have a child/,
  ],
  [
    'an open command that is not due for hours',
    { commands: [command({ status: 'executing', nextInMs: 3_600_000 })] },
    /^what is open has a next instant/,
  ],
  [
    'a command behind none that is open',
    { commands: [command({ status: 'blocked' })] },
    /^what is open has a next instant/,
  ],
  [
    'a parked command of which nobody was told',
    { commands: [command({ status: 'parked', problem: 'payment_unclear' })] },
    /^what is open has a next instant/,
  ],
  [
    'a disagreement that nothing ended',
    { discrepancies: [{ kind: 'went_back', conomyId: 'conomy-1', mirror: {}, provider: {} }] },
    /^every alarm stands for/,
  ],
  [
    'an alarm of a final payment that was told with a status which exists',
    { discrepancies: [contradicted('SETTLED', 'CAPTURED')] },
    /^every alarm stands for/,
  ],
  [
    'an alarm of a final state where the mirror has none',
    { discrepancies: [contradicted('CAPTURED', UNKNOWN_STATUS)] },
    /^every alarm stands for/,
  ],
  [
    'a cancel that was told and not kept',
    { sent: facts().sent.map((sent) => ({ ...sent, cancel: 'canceled' })) },
    /^commands are canceled by their caller/,
  ],
  [
    'a cancel that was too late and took place',
    {
      sent: facts().sent.map((sent) => ({ ...sent, cancel: 'too_late' })),
      commands: [command({ status: 'canceled', problem: 'canceled_by_caller' })],
    },
    /^commands are canceled by their caller/,
  ],
  ['a service that crashed', { lostParts: ['capturer-1 ended with 1'] }, /^parts ended only/],
  ['a secret in a log', { leaks: ['an API key in api-1.log'] }, /^logs hold no secret/],
];

test.each(CASES)('%s is noticed', (_what, over, statement) => {
  expect(broken(over)).toContainEqual(expect.stringMatching(statement));
});

test('every invariant turns red for one of the cases above', () => {
  const red = new Set(CASES.flatMap(([, over]) => broken(over)));
  expect(INVARIANTS.filter(({ statement }) => !red.has(statement))).toEqual([]);
});
