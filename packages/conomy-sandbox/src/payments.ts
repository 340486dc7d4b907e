import type { AccountBook } from './account-book.ts';
import { ConomyError } from './errors.ts';
import { newObjectId } from './ids.ts';
import type { Payment, PaymentInstruction, PaymentStatus } from './payment.ts';
import { explainIllegalMove } from './payment-moves.ts';
import type { PaymentStore } from './payment-store.ts';
import { type RefundRequest, refundableMinor, refundInstruction } from './refunds.ts';
import { needsReview } from './review.ts';
import type { ReviewRules } from './settings.ts';

/** The lifecycle of payments and the money that moves with it. Every method does all of its effect or none. */
export interface Payments {
  /** Records the instruction; no money moves. The same `externalId` again makes a twin. */
  create(instruction: PaymentInstruction): Payment;
  /** Records a validated intent apart from the payments; nothing ever moves by it. */
  createAttempt(instruction: PaymentInstruction): Payment;
  /**
   * Opens a child of `parent` that is `RECEIVED` and takes its amount from the parent's destinations at once.
   * Throws ConomyError 21 when the parent is not SETTLED, the amount is more than refundable or a destination
   * lacks funds.
   */
  refund(parent: Payment, request: RefundRequest): Payment;
  /** Opens a refund, `RECEIVED`, that takes nothing from any payment. */
  openRefund(instruction: PaymentInstruction): Payment;
  authorize(payment: Payment): void;
  /**
   * To CAPTURED, or to REQUIRES_REVIEW when the rules hold it.
   * Throws ConomyError 21 from another status than CREATED or AUTHORIZED, or when an origin lacks funds.
   */
  capture(payment: Payment): void;
  /** Plays the provider's confirmation, CAPTURED → RECEIVED. Throws ConomyError 21 from another status. */
  receive(payment: Payment): void;
  /** Any legal move. Throws ConomyError 21 with the reason when it is not one. */
  move(payment: Payment, to: PaymentStatus): void;
}

export interface PaymentsParts {
  store: PaymentStore;
  attempts: PaymentStore;
  accounts: AccountBook;
  /** The provider's clock. */
  now: () => number;
  /** The system's, by which the history of a payment goes. */
  trueNow: () => number;
  reviewRules: () => ReviewRules;
  /** Is told of each new payment and each move after it happened; `from` is null for a new one. */
  onEntered: (payment: Payment, from: PaymentStatus | null) => void;
}

export function createPayments(parts: PaymentsParts): Payments {
  const { store, attempts, accounts, now, trueNow, onEntered } = parts;
  let lastCreatedAtMs = 0;
  const open = (into: PaymentStore, instruction: PaymentInstruction, status: PaymentStatus) => {
    // The store is searched by time: a clock set back must not break its order.
    lastCreatedAtMs = Math.max(lastCreatedAtMs, now());
    const payment = newPayment(instruction, status, lastCreatedAtMs, trueNow());
    into.add(payment);
    return payment;
  };
  const announced = (payment: Payment) => {
    onEntered(payment, null);
    return payment;
  };
  const openRefund = (instruction: PaymentInstruction) => {
    const child = open(store, instruction, 'RECEIVED');
    child.funds = 'held';
    return child;
  };
  const move = (payment: Payment, to: PaymentStatus) => {
    const reason = explainIllegalMove(payment, to);
    if (reason !== null) throw new ConomyError('21', reason);
    if (to === 'REFUNDED') assertWhole(payment, store.childrenOf(payment.id));
    const from = payment.status;
    moveFunds(payment, to, accounts);
    enterStatus(payment, to, now());
    payment.history.push({ atMs: trueNow(), status: to });
    onEntered(payment, from);
  };
  return {
    create: (instruction) => announced(open(store, instruction, 'CREATED')),
    createAttempt: (instruction) => announced(open(attempts, instruction, 'ATTEMPT')),
    refund: (parent, request) => {
      const instruction = refundInstruction(parent, store.childrenOf(parent.id), request);
      accounts.takeAll(instruction.debits);
      const child = openRefund(instruction);
      parent.effects.refund += 1;
      return announced(child);
    },
    openRefund: (instruction) => announced(openRefund(instruction)),
    authorize: (payment) => {
      assertFrom(payment, ['CREATED'], 'authorized');
      move(payment, 'AUTHORIZED');
    },
    capture: (payment) => {
      assertFrom(payment, ['CREATED', 'AUTHORIZED'], 'captured');
      move(payment, needsReview(payment, parts.reviewRules()) ? 'REQUIRES_REVIEW' : 'CAPTURED');
    },
    receive: (payment) => {
      assertFrom(payment, ['CAPTURED'], 'received');
      move(payment, 'RECEIVED');
    },
    move,
  };
}

/** The older refund moves everything back: it must not add to refunds that are payments of their own. */
function assertWhole(payment: Payment, refunds: readonly Payment[]): void {
  if (refundableMinor(payment, refunds) === payment.totalMinor) return;
  throw new ConomyError('21', `payment ${payment.id} has refunds and cannot be REFUNDED as a whole`);
}

function assertFrom({ id, status }: Payment, from: readonly PaymentStatus[], verb: string): void {
  if (from.includes(status)) return;
  throw new ConomyError('21', `payment ${id} is ${status}: only ${from.join(' or ')} can be ${verb}`);
}

function newPayment(
  instruction: PaymentInstruction,
  status: PaymentStatus,
  nowMs: number,
  trueNowMs: number,
): Payment {
  return {
    ...instruction,
    id: newObjectId(nowMs),
    status,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    enteredAtMs: {},
    funds: 'untouched',
    isPaid: false,
    effects: { create: 1, authorize: 0, capture: 0, refund: 0 },
    calls: { create: 1, authorize: 0, capture: 0, refund: 0, read: 0, simulate: 0 },
    history: [{ atMs: trueNowMs, status }],
    asked: [],
  };
}

/**
 * The money of a move, before the status changes: it may throw, and then nothing has happened.
 * Origins are debited on the first entry into CAPTURED (or into a later status that skips it), destinations
 * credited on SETTLED. What ends without success gives held money back, except UNSETTLED: there the money has
 * arrived and waits at the provider. An unsettled refund gives it back too, since its amount is refundable again.
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
      giveBack(payment, accounts);
      return;
    case 'UNSETTLED':
      if (payment.type === 'REFUND') giveBack(payment, accounts);
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

function giveBack(payment: Payment, accounts: AccountBook): void {
  if (payment.funds !== 'held') return;
  accounts.giveAll(payment.debits);
  payment.funds = 'returned';
}

function enterStatus(payment: Payment, to: PaymentStatus, nowMs: number): void {
  if (to === 'REQUIRES_REVIEW') openReview(payment);
  else if (payment.status === 'REQUIRES_REVIEW') closeReview(payment, to);
  payment.status = to;
  payment.updatedAtMs = nowMs;
  payment.enteredAtMs[to] = nowMs;
}

function openReview(payment: Payment): void {
  payment.gatedFrom = payment.status;
  payment.reviewReason ??= 'SOURCE_OF_FUNDS_REQUIRED';
  payment.documentationStatus ??= 'PENDING_UPLOAD';
}

/** A review ends by a decision or by its payment's end; the documents count as approved when it goes on. */
function closeReview(payment: Payment, to: PaymentStatus): void {
  if (to === 'FAILED') payment.documentationStatus = 'REJECTED';
  else if (to !== 'EXPIRED') payment.documentationStatus = 'APPROVED';
}
