import { type Payment, paymentBody } from '@capstan/conomy-sandbox/payment';
import { refundReceipt } from '@capstan/conomy-sandbox/refunds';
import type { Sandbox } from '@capstan/conomy-sandbox/sandbox';
import { formatAmount } from '@capstan/shared/domain/money';
import type { Impoliteness } from './impoliteness.ts';
import type { Origins } from './origins.ts';
import { failed, type Told } from './simulated-exchange.ts';

type Body = Record<string, unknown>;

/** What becomes of a call that arrived, and what the provider says of it. */
export interface SimulatedAnswers {
  /** Steps that were sent while a review held them, or after it had let them through. */
  readonly sentThoughHeld: readonly string[];
  /** `make` creates by a body and tells; `of` is what the caller asked for. */
  create(body: Body, make: (body: Body) => Told): Told;
  step(operation: 'authorize' | 'capture', id: string, act: () => Told): Told;
  refund(parentId: string, body: Body, make: (body: Body) => Told): Told;
}

/** Longer than the first looks at a payment wait, shorter than the span of absence. */
const UNSEEN_MS = { min: 10_000, max: 30_000 };
const REVIEW_MS = { min: 5_000, max: 300_000 };
/** A prefix that still tells whose it is. */
const CUT_LETTERS_MIN = 8;

const REFUSALS = [
  { httpStatus: 404, code: '31', type: 'notFound' },
  { httpStatus: 409 },
  { httpStatus: 412 },
  { httpStatus: 422, code: '21', type: 'failedPrecondition' },
];

export function createSimulatedAnswers(parts: {
  sandbox: Sandbox;
  origins: Origins;
  mood: Impoliteness;
  now: () => number;
  later: (atMs: number, run: () => void) => void;
}): SimulatedAnswers {
  const { sandbox, origins, mood, now, later } = parts;
  const { random } = mood;
  let others = 0;
  const reviewed = new Map<string, 'holds' | 'let through' | 'let go'>();
  const sentThoughHeld: string[] = [];

  const refuse = (): Told => {
    const refusal = random.pick(REFUSALS);
    return failed('answered', `http_${refusal.httpStatus}`, refusal);
  };
  /** Whole, by the two fields that every document names, or not at all. */
  const tell = (payment: Payment): Told => {
    const { id, status } = payment;
    const how = random.pick(['whole', 'little', 'lost'] as const);
    if (how === 'lost') return failed('no_clear_answer', 'reset');
    return { ok: true, json: how === 'little' ? { id, status } : paymentBody(payment) };
  };
  const makeForOthers = (body: Body, make: (body: Body) => Told): Payment | undefined => {
    others += 1;
    const told = make({ ...body, externalId: `elsewhere-${others}-${String(body.externalId)}` });
    const made = told.ok ? sandbox.store.find(String(told.json.id)) : undefined;
    if (made) origins.note(made, 'others');
    return made;
  };

  /** Ends by itself: the step has its effect, at once or a while after the payment is back where it was, or none. */
  const hold = (payment: Payment, operation: 'authorize' | 'capture'): Told => {
    const { id, status: from } = payment;
    const done = operation === 'capture' ? 'CAPTURED' : 'AUTHORIZED';
    sandbox.payments.move(payment, 'REQUIRES_REVIEW');
    reviewed.set(`${operation} ${id}`, 'holds');
    later(now() + random.whole(REVIEW_MS.min, REVIEW_MS.max), () => {
      if (payment.status !== 'REQUIRES_REVIEW') return;
      const end = random.pick(['approved', 'goes on', 'let go', 'rejected'] as const);
      reviewed.set(`${operation} ${id}`, end === 'let go' ? 'let go' : 'let through');
      if (end === 'approved') return sandbox.payments.move(payment, done);
      if (end === 'rejected') return sandbox.payments.move(payment, 'FAILED');
      sandbox.payments.move(payment, from);
      if (end === 'let go') return;
      later(now() + random.whole(1_000, UNSEEN_MS.max), () => {
        if (payment.status === from) sandbox.payments.move(payment, done);
      });
    });
    return random.whole(0, 3) === 0
      ? failed('no_clear_answer', 'reset')
      : { ok: true, json: paymentBody(payment) };
  };

  return {
    sentThoughHeld,
    create: (body, make) => {
      const told = make(body);
      const made = told.ok ? sandbox.store.find(String(told.json.id)) : undefined;
      if (made === undefined) return told;
      if (mood.strikes('made_otherwise', 60)) {
        makeOtherwise(made, mood);
        return tell(made);
      }
      if (mood.strikes('external_id_cut', 60)) {
        const length = Math.max(CUT_LETTERS_MIN, made.externalId.length - random.whole(1, 3));
        made.externalId = made.externalId.slice(0, length);
        return tell(made);
      }
      if (mood.strikes('answer_of_another', 50)) {
        const other = makeForOthers(body, make);
        if (other) return { ok: true, json: paymentBody(other) };
      }
      const { id, status } = made;
      const isLittle = mood.plays('delivery_of_other_amount') || mood.strikes('answers_name_little', 50);
      return isLittle ? { ok: true, json: { id, status } } : told;
    },
    step: (operation, id, act) => {
      const payment = sandbox.store.find(id);
      const review = reviewed.get(`${operation} ${id}`);
      if (review === 'holds' || review === 'let through') sentThoughHeld.push(id);
      const isOpen = payment?.status === 'CREATED' || payment?.status === 'AUTHORIZED';
      if (isOpen && review === undefined && mood.strikes('held_by_review', 60))
        return hold(payment, operation);
      const isNew = payment !== undefined && sandbox.now() - payment.createdAtMs < UNSEEN_MS.max;
      if (isNew && mood.strikes('refused_while_unseen', 40))
        return failed('answered', 'http_404', REFUSALS[0]);
      if (!mood.strikes('refused_though_done', 40)) return act();
      const told = sandbox.view.holdBack(id, random.whole(UNSEEN_MS.min, UNSEEN_MS.max), act);
      return told.ok ? refuse() : told;
    },
    refund: (parentId, body, make) => {
      const older = sandbox.store.childrenOf(parentId)[0];
      if (older && mood.strikes('refund_answered_with_older_child', 60))
        return { ok: true, json: refundReceipt(older) };
      if (mood.strikes('refund_of_other_amount', 60)) return makeOtherRefund(parentId, body, make);
      if (!mood.strikes('refused_though_done', 40)) return make(body);
      const lagMs = random.whole(UNSEEN_MS.min, UNSEEN_MS.max);
      const told = sandbox.view.holdBack(parentId, lagMs, () => make(body));
      return told.ok ? refuse() : told;
    },
  };

  function makeOtherRefund(parentId: string, body: Body, make: (body: Body) => Told): Told {
    const told = make({ ...body, amount: '50.00' });
    const made = sandbox.store.childrenOf(parentId).at(-1);
    if (!told.ok || made === undefined) return told;
    origins.note(made, 'us', { totalAmount: String(body.amount) });
    return random.whole(0, 2) === 0 ? failed('no_clear_answer', 'reset') : told;
  }
}

/** Another amount, account, type or currency than was asked for: in the ledger, and in all that is told. */
function makeOtherwise(payment: Payment, { random }: Impoliteness): void {
  switch (random.pick(['amount', 'amount', 'account', 'type', 'currency'] as const)) {
    case 'amount':
      payment.purchaseMinor *= 3n;
      payment.totalMinor *= 3n;
      payment.purchaseAmount = formatAmount({
        minor: payment.purchaseMinor,
        currency: payment.purchaseCurrency,
      });
      payment.totalAmount = formatAmount({ minor: payment.totalMinor, currency: payment.currency });
      return;
    case 'account':
      payment.accountNumber = `${payment.accountNumber}9`;
      return;
    case 'type':
      payment.type = payment.type === 'COLLECT' ? 'P2P' : 'COLLECT';
      return;
    case 'currency':
      payment.purchaseCurrency = payment.purchaseCurrency === 'BRL' ? 'USD' : 'BRL';
      payment.currency = payment.purchaseCurrency;
  }
}
