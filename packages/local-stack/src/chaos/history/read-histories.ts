import type { Ledger, LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { amountOf } from '../ledger-amounts.ts';
import type { Act, Asks, Operation, PaymentHistory } from './operation.ts';
import type { Line, RunLine } from './record.ts';

/** The provider's instants are those of another process: they may be off by their rounding. */
const ROUNDING_MS = 2;
/** Entering one of these takes the money, the first time. */
const TAKES_MONEY: ReadonlySet<string> = new Set(['CAPTURED', 'RECEIVED', 'SETTLED']);

/** What is known of each payment, from what clients wrote down and from the provider's ledger, and from nothing else. */
export function readHistories(recorded: readonly (Line | RunLine)[], ledger: Ledger): PaymentHistory[] {
  const lines = recorded.filter((line) => line.call !== 'run');
  const keepsDeadlines = !recorded.some((line) => line.call === 'run' && line.databaseClockSteps);
  const childrenOf = Map.groupBy(ledger.payments, ({ parentPaymentId }) => parentPaymentId);
  const told = Map.groupBy(lines, ({ externalId }) => externalId);
  const made = Map.groupBy(
    ledger.payments.filter((payment) => payment.parentPaymentId === undefined && isAboutUs(payment)),
    ({ externalId, askedAs = externalId }) => askedAs,
  );
  const attempts = Map.groupBy(ledger.attempts, ({ externalId }) => externalId);
  return [...new Set([...told.keys(), ...made.keys()])].map((externalId) => {
    const payments = made.get(externalId) ?? [];
    const operations = [
      ...withoutRepeats((told.get(externalId) ?? []).map((line) => operationOf(line, keepsDeadlines))),
      ...payments.flatMap(effectsOf),
      ...payments.flatMap(({ id }) => (childrenOf.get(id) ?? []).map((child) => refundOf(child))),
      ...(attempts.get(externalId) ?? []).map((attempt) => effectAt(attempt, 0, 'attempt')),
    ];
    return { externalId, operations: operations.sort((a, b) => a.fromMs - b.fromMs) };
  });
}

/** What others made concerns us when we were told of it or touched it. */
function isAboutUs({ madeBy, calls }: LedgerPayment): boolean {
  return madeBy === undefined || calls.authorize + calls.capture > 0;
}

function operationOf(line: Line, keepsDeadlines: boolean): Operation {
  const { fromMs, untilMs } = line;
  const act = actOf(line);
  if (act.kind !== 'send' || keepsDeadlines) return { fromMs, untilMs, act };
  return { fromMs, untilMs, act: { ...act, asks: { ...act.asks, notAfterMs: null } } };
}

function actOf(line: Line): Act {
  switch (line.call) {
    case 'send':
      return { kind: 'send', key: line.key, asks: asksOf(line.asks), told: line.told };
    case 'look':
      return { kind: 'look', key: line.key, told: line.told };
    case 'cancel':
      return { kind: 'cancel', key: line.key, told: line.told };
    case 'see':
      return { kind: 'see', told: line.told };
  }
}

function asksOf(command: Record<string, unknown>): Asks {
  const type = String(command.type);
  const steps = Array.isArray(command.then) ? command.then : [];
  return {
    type,
    captures: type === 'payment.capture' || steps.includes('capture'),
    authorizes: type === 'payment.authorize' || steps.includes('authorize'),
    amount:
      type === 'payment.refund'
        ? amountOf({ totalAmount: command.amount, currency: command.currency })
        : null,
    notAfterMs: typeof command.notAfter === 'string' ? Date.parse(command.notAfter) : null,
  };
}

/** The same told again in a row says nothing new but at its first and its last time; tries without an answer are one. */
function withoutRepeats(operations: readonly Operation[]): Operation[] {
  const inOrder = operations.toSorted((a, b) => a.fromMs - b.fromMs);
  const sameOf = Map.groupBy(inOrder, ({ act, untilMs }) =>
    JSON.stringify(act.kind === 'see' ? act : [act, untilMs === null]),
  );
  const kept = new Set(
    [...sameOf.values()].flatMap((same) => (same[0]?.untilMs === null ? [same[0]] : [same[0], same.at(-1)])),
  );
  return inOrder.filter((operation) => kept.has(operation));
}

function effectsOf(payment: LedgerPayment): Operation[] {
  const { history, effects } = payment;
  const entered = (isWanted: (status: string) => boolean): number =>
    history.findIndex(({ status }) => isWanted(status));
  const taking = history.flatMap(({ status }, nth) => (TAKES_MONEY.has(status) ? [nth] : []));
  return [
    ...(effects.authorize > 0
      ? [
          effectAt(
            payment,
            entered((status) => status === 'AUTHORIZED'),
            'authorize',
          ),
        ]
      : []),
    ...Array.from({ length: effects.capture }, (_, nth) =>
      effectAt(payment, taking[nth] ?? history.length - 1, 'capture'),
    ),
    effectAt(payment, 0, 'create'),
    ...history.map(({ at, status }) => within(at, { kind: 'move', status })),
  ];
}

function refundOf(child: LedgerPayment): Operation {
  return effectAt(child, 0, 'refund');
}

function effectAt(
  payment: LedgerPayment,
  nth: number,
  effect: Extract<Act, { kind: 'effect' }>['effect'],
): Operation {
  const { id, madeBy, madeOtherwise = false } = payment;
  return within(payment.history[nth]?.at ?? '', {
    kind: 'effect',
    effect,
    paymentId: id,
    amount: effect === 'refund' ? amountOf({ ...payment }) : null,
    own: madeBy === undefined,
    asAsked: !madeOtherwise,
  });
}

function within(at: string, act: Act): Operation {
  const ms = Date.parse(at);
  return { fromMs: ms - ROUNDING_MS, untilMs: ms + ROUNDING_MS, act };
}
