/** From the two files of a run to what is printed of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger, LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { checkHistory, tellHistory } from '../../../src/chaos/history/check-history.ts';
import {
  createHistoryRecord,
  HISTORY_FILE,
  LEDGER_FILE,
  type Line,
} from '../../../src/chaos/history/record.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const instant = (ms: number) => new Date(START + ms).toISOString();

const payment = (over: Partial<LedgerPayment> = {}): LedgerPayment => ({
  id: 'conomy-1',
  externalId: 'order-1',
  accountNumber: 'account-1',
  type: 'P2P',
  status: 'SETTLED',
  totalAmount: '100.00',
  currency: 'COP',
  purchaseAmount: '100.00',
  purchaseCurrency: 'COP',
  effects: { create: 1, authorize: 0, capture: 1, refund: 0 },
  calls: { create: 1, authorize: 0, capture: 1, refund: 0, read: 1, simulate: 0 },
  history: [
    { at: instant(100), status: 'CREATED' },
    { at: instant(200), status: 'CAPTURED' },
    { at: instant(300), status: 'RECEIVED' },
    { at: instant(400), status: 'SETTLED' },
  ],
  asked: [],
  ...over,
});

const span = (fromMs: number, untilMs: number) => ({
  externalId: 'order-1',
  fromMs: START + fromMs,
  untilMs: START + untilMs,
});

const sent = {
  ...span(0, 10),
  call: 'send' as const,
  key: 'k1',
  asks: { type: 'payment.create', then: ['capture'] },
  told: { id: 'c1' },
} satisfies Line;
const told: Line = { ...span(500, 510), call: 'look', key: 'k1', told: 'succeeded' };

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'capstan-history-'));
  onTestFinished(() => rmSync(runDir, { recursive: true, force: true }));
});

function check(lines: readonly Line[], payments: readonly LedgerPayment[], databaseClockSteps = false) {
  const record = createHistoryRecord(runDir, { databaseClockSteps });
  for (const line of lines) record.add(line);
  const ledger: Ledger = {
    payments: [...payments],
    attempts: [],
    byExternalId: {},
    accounts: [],
    filled: [],
  };
  writeFileSync(join(runDir, LEDGER_FILE), JSON.stringify(ledger));
  return checkHistory(runDir);
}

test('a run whose clients were told what happened is explained', () => {
  const seen: Line = { ...span(420, 430), call: 'see', told: 'SETTLED' };
  expect(check([sent, told, seen], [payment()])).toEqual({ count: 1, unexplained: [] });
});

test('a payment of others that was captured by a call of ours is a history of its own', () => {
  const stranger = payment({ id: 'conomy-9', externalId: 'others-1', madeBy: 'others' });
  const untouched = { ...stranger, id: 'conomy-8', externalId: 'others-2' };
  const { calls } = untouched;
  const { count, unexplained } = check(
    [sent, told],
    [payment(), stranger, { ...untouched, calls: { ...calls, capture: 0 } }],
  );
  expect(count).toBe(2);
  expect(unexplained.map(({ externalId }) => externalId)).toEqual(['others-1']);
});

test('a payment kept under another externalId belongs to the one that was asked for', () => {
  const cut = payment({ externalId: 'order', askedAs: 'order-1', madeOtherwise: true });
  const [found] = check([sent, told], [cut]).unexplained;
  expect(found?.externalId).toBe('order-1');
});

test("a deadline counts where the database's clock did not step, by which it is kept", () => {
  const hasty = { ...sent, asks: { ...sent.asks, notAfter: instant(50) } };
  const late = {
    history: [{ at: instant(9_000), status: 'CREATED' }],
    effects: { ...payment().effects, capture: 0 },
  };
  expect(check([hasty], [payment(late)]).unexplained).toHaveLength(1);
  rmSync(join(runDir, HISTORY_FILE));
  expect(check([hasty], [payment(late)], true).unexplained).toEqual([]);
});

test('refunds are of their parent, and equal amounts in other spellings are equal', () => {
  const child = payment({
    ...{ id: 'refund-1', externalId: '', type: 'REFUND', parentPaymentId: 'conomy-1', totalAmount: '10.00' },
    ...{ history: [{ at: instant(700), status: 'RECEIVED' }] },
  });
  const refund: Line = {
    ...span(600, 610),
    call: 'send',
    key: 'k2',
    asks: { type: 'payment.refund', amount: '10', currency: 'COP' },
    told: { id: 'c2' },
  };
  const made: Line = { ...span(800, 810), call: 'look', key: 'k2', told: 'succeeded' };
  expect(check([sent, told, refund, made], [payment(), child]).unexplained).toEqual([]);
  expect(check([sent, told, refund, made], [payment()]).unexplained).toHaveLength(1);
});

test('what cannot be explained is told in order, in seconds from its beginning', () => {
  const early: Line = { ...span(120, 130), call: 'look', key: 'k1', told: 'succeeded' };
  const [found] = check([sent, early], [payment()]).unexplained;
  if (!found) throw new Error('it was explained');
  expect(tellHistory(found)).toEqual([
    'order-1: no order of these explains the last of them',
    '  0.000 – 0.010  sends k1 (payment.create): accepted as c1',
    '  0.098 – 0.102  at the provider: create conomy-1',
    '  0.120 – 0.130  asks for k1: succeeded',
  ]);
});
