import type { AccountBook } from './account-book.ts';
import { ConomyError } from './errors.ts';
import { newObjectId } from './ids.ts';
import type { Payment, PaymentInstruction, PaymentStatus } from './payment.ts';
import { explainIllegalMove } from './payment-moves.ts';
import type { PaymentStore } from './payment-store.ts';

/** The lifecycle of payments and the money that moves with it. Every method does all of its effect or none. */
export interface Payments {
  /** Records the instruction; no money moves. The same `externalId` again makes a twin. */
  create(instruction: PaymentInstruction): Payment;
  authorize(payment: Payment): void;
  /** Throws ConomyError 21 from another status than CREATED or AUTHORIZED, or when an origin lacks funds. */
  capture(payment: Payment): void;
  /** Plays the provider's confirmation, CAPTURED → RECEIVED. Throws ConomyError 21 from another status. */
  receive(payment: Payment): void;
  /** Any legal move. Throws ConomyError 21 with the reason when it is not one. */
  move(payment: Payment, to: PaymentStatus): void;
}

/** Is told of each move after it happened, for timers and webhooks. */
export type MoveListener = (payment: Payment) => void;

export function createPayments(
  store: PaymentStore,
  accounts: AccountBook,
  now: () => number,
  onMoved: MoveListener,
): Payments {
  let lastCreatedAtMs = 0;
  const move = (payment: Payment, to: PaymentStatus) => {
    const reason = explainIllegalMove(payment, to);
    if (reason !== null) throw new ConomyError('21', reason);
    moveFunds(payment, to, accounts);
    enterStatus(payment, to, now());
    onMoved(payment);
  };
  const moveFrom =
    (from: readonly PaymentStatus[], verb: string, to: PaymentStatus) => (payment: Payment) => {
      if (!from.includes(payment.status)) {
        throw new ConomyError(
          '21',
          `payment ${payment.id} is ${payment.status}: only ${from.join(' or ')} can be ${verb}`,
        );
      }
      move(payment, to);
    };
  return {
    create: (instruction) => {
      // The store is searched by time: a clock set back must not break its order.
      lastCreatedAtMs = Math.max(lastCreatedAtMs, now());
      const payment = newPayment(instruction, lastCreatedAtMs);
      store.add(payment);
      return payment;
    },
    authorize: moveFrom(['CREATED'], 'authorized', 'AUTHORIZED'),
    capture: moveFrom(['CREATED', 'AUTHORIZED'], 'captured', 'CAPTURED'),
    receive: moveFrom(['CAPTURED'], 'received', 'RECEIVED'),
    move,
  };
}

function newPayment(instruction: PaymentInstruction, nowMs: number): Payment {
  return {
    ...instruction,
    id: newObjectId(nowMs),
    status: 'CREATED',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    enteredAtMs: {},
    funds: 'untouched',
    effects: { create: 1, authorize: 0, capture: 0, refund: 0 },
    calls: { create: 1, authorize: 0, capture: 0, read: 0, simulate: 0 },
  };
}

/**
 * The money of a move, before the status changes: it may throw, and then nothing has happened.
 * Origins are debited on the first entry into CAPTURED (or into a later status that skips it), destinations
 * credited on SETTLED. What ends without success gives held money back, except UNSETTLED: there the money has
 * arrived and waits at the provider.
 */
function moveFunds(payment: Payment, to: PaymentStatus, accounts: AccountBook): void {
  switch (to) {
    case 'AUTHORIZED':
      // A review that ends here authorized nothing a second time.
      if (payment.enteredAtMs.AUTHORIZED === undefined) payment.effects.authorize += 1;
      return;
    case 'CAPTURED':
      takeOnce(payment, accounts);
      return;
    case 'SETTLED':
      takeOnce(payment, accounts);
      accounts.giveAll(payment.credits);
      payment.funds = 'delivered';
      return;
    case 'EXPIRED':
    case 'FAILED':
    case 'REVERSED':
      if (payment.funds !== 'held') return;
      accounts.giveAll(payment.debits);
      payment.funds = 'returned';
      return;
    case 'REFUNDED':
      accounts.takeAll(payment.credits);
      accounts.giveAll(payment.debits);
      payment.funds = 'returned';
      payment.effects.refund += 1;
      return;
    case 'ATTEMPT':
    case 'CREATED':
    case 'REQUIRES_REVIEW':
    case 'RECEIVED':
    case 'UNSETTLED':
    case 'DISPUTED':
      return;
    default:
      throw new Error(`no rule for the money of a move to ${to satisfies never}`);
  }
}

/** CAPTURED is entered again after a review: the money must not be taken again. */
function takeOnce(payment: Payment, accounts: AccountBook): void {
  if (payment.funds !== 'untouched') return;
  accounts.takeAll(payment.debits);
  payment.funds = 'held';
  payment.effects.capture += 1;
}

function enterStatus(payment: Payment, to: PaymentStatus, nowMs: number): void {
  if (to === 'REQUIRES_REVIEW') payment.gatedFrom = payment.status;
  payment.status = to;
  payment.updatedAtMs = nowMs;
  payment.enteredAtMs[to] = nowMs;
}
