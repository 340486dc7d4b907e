import type { AcceptanceItem } from '@capstan/api/decide-acceptance';
import type { Random } from '@capstan/local-stack/demo/random';
import { paymentCommand } from '@capstan/shared/domain/payment-command';
import { collectBody } from '@capstan/testing/create-bodies';

/** A command that a caller hands in, and when: milliseconds after the start. */
export interface Request {
  afterMs: number;
  item: AcceptanceItem;
}

/** What callers want of a few payments; amounts of refunds differ within a payment, so that each can be told apart. */
export function createWorkload(seed: number, random: Random): Request[] {
  return Array.from({ length: random.whole(2, 4) }, (_, index) =>
    requestsOf(`sim-${seed}-${index}`, random),
  ).flat();
}

function requestsOf(externalId: string, random: Random): Request[] {
  const requests: Request[] = [];
  const payment = { externalId };
  const add = (afterMs: number, key: string, body: object) => {
    const item = itemOf(`${externalId}-${key}`, body);
    requests.push({ afterMs, item });
    // A caller that saw no answer asks again with the same key.
    if (random.whole(0, 4) === 0) requests.push({ afterMs: afterMs + random.whole(0, 30_000), item });
  };
  const then = random.pick([['capture'], ['capture'], ['authorize', 'capture'], undefined]);
  add(random.whole(0, 2_000), 'create', { type: 'payment.create', payment: collectBody(externalId), then });
  if (then === undefined) {
    if (random.whole(0, 1) === 0)
      add(random.whole(2_000, 9_000), 'authorize', { type: 'payment.authorize', payment });
    add(random.whole(9_000, 20_000), 'capture', { type: 'payment.capture', payment });
  }
  if (random.whole(0, 2) === 0)
    add(random.whole(2_000, 90_000), 'again', { type: 'payment.capture', payment });
  const refundAtMs = random.whole(60_000, 400_000);
  for (let nth = random.whole(0, 3); nth > 0; nth -= 1) {
    const amount = `${nth * 7_000}.00`;
    const refund = { type: 'payment.refund', payment, amount, currency: 'COP' };
    add(refundAtMs + random.whole(0, 3_000), `refund-${nth}`, refund);
  }
  return requests;
}

export function itemOf(idempotencyKey: string, body: object): AcceptanceItem {
  const text = JSON.stringify(body);
  const command = paymentCommand.parse(JSON.parse(text));
  const createBody = command.type === 'payment.create' ? JSON.stringify(command.payment) : null;
  return { idempotencyKey, command, createBody, acceptedBy: 'simulation' };
}
