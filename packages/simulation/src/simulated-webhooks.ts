import { storeVerified } from '@capstan/api/store-delivery';
import type { Payment, PaymentStatus } from '@capstan/conomy-sandbox/payment';
import { eventsOf, signDelivery, type WebhookEvent } from '@capstan/conomy-sandbox/webhook-event';
import type { Random } from '@capstan/local-stack/demo/random';
import type { Pool } from '@capstan/shared/db/pool';
import { verifyDelivery } from '@capstan/shared/provider/conomy/signature';
import { readDelivery } from '@capstan/shared/provider/conomy/webhook';
import { deliveryJob } from '@capstan/shared/queue/catalogue';
import type { RelaySender } from '@capstan/shared/queue/sender';
import type { Elsewhere } from './elsewhere.ts';
import type { Impoliteness } from './impoliteness.ts';
import type { Task } from './task.ts';

const SECRET = 'secret';
const FORMS = new Set(['body', 'header'] as const);
const DELIVERY_MS_MAX = 20_000;
/** No workload asks for it. */
export const OTHER_AMOUNT = '77777';

/** The provider's webhooks: told late, twice, out of order or never, each through the verification of the api. */
export interface SimulatedWebhooks {
  /** What has been signed so far: whole messages, and what each says of a payment, as `id status`. */
  signed: { messages: Set<string>; facts: Set<string> };
  /** Tells of a move; null: the payment is new. */
  tell(payment: Payment, from: PaymentStatus | null): void;
}

export function createSimulatedWebhooks(parts: {
  random: Random;
  now: () => number;
  providerNow: () => number;
  later: (atMs: number, run: () => void) => void;
  start: (name: string, work: (task: Task) => Promise<unknown>) => Task;
  mood: Impoliteness;
  elsewhere: Elsewhere;
  contextOf: (task: Task) => { pool: Pool; senders: { deliveries: RelaySender<'deliveries'> } };
}): SimulatedWebhooks {
  const { random, now, providerNow, later, start, contextOf, mood, elsewhere } = parts;
  const signed = { messages: new Set<string>(), facts: new Set<string>() };

  /** What the api does with a request to its webhook path. */
  const receive = async (task: Task, text: string, headers: Record<string, string>) => {
    const body = Buffer.from(text);
    const verification = verifyDelivery(body, headers, [SECRET], FORMS);
    if (!verification.verified) return;
    const { senders, pool } = contextOf(task);
    const stored = await storeVerified(pool, [verification]);
    await senders.deliveries.offer(stored.map(({ id, timesReceived }) => deliveryJob(id, timesReceived)));
  };

  const post = (body: string, headers: Record<string, string>) =>
    later(now() + random.whole(0, DELIVERY_MS_MAX), () => {
      start('webhook', (task) => receive(task, body, headers));
    });

  const sign = (event: WebhookEvent) => {
    const payload = event.form === 'header' ? event.payload : { event: event.event, data: event.data };
    const { conomyId, status } = readDelivery(payload);
    signed.messages.add(JSON.stringify(payload));
    signed.facts.add(`${conomyId} ${status}`);
    return signDelivery(event, SECRET);
  };

  const send = (event: WebhookEvent) => {
    const { body, headers } = sign(event);
    for (let copies = random.pick([0, 1, 1, 1, 2]); copies > 0; copies -= 1) post(body, headers);
    if (event.form === 'header') return;
    if (mood.strikes('other_white_space', 60)) post(`${JSON.stringify(JSON.parse(body), null, 1)} `, headers);
    if (mood.strikes('doubled_members', 40))
      post(body.replace('{', '{"event":"Transaction.Failed",'), headers);
  };

  /** A message about no payment at all, to which somebody added one. */
  const forge = ({ id, externalId }: Payment) => {
    const data = { transaction: undefined, note: id } as unknown as { transaction: Record<string, string> };
    const { body, headers } = sign({ form: 'body', event: 'customer.levelChanged', data });
    const status = mood.random.pick(['CAPTURED', 'RECEIVED', 'SETTLED']);
    post(JSON.stringify({ ...JSON.parse(body), transaction: { id, externalId, status } }), headers);
  };

  return {
    signed,
    tell: (payment, from) => {
      if (elsewhere.isHidden(payment.id)) return;
      if (mood.strikes('unsigned_members', 50)) forge(payment);
      const form = elsewhere.isOrphan(payment.id) ? 'header' : random.pick(['body', 'header'] as const);
      const { parentPaymentId, ...orphan } = payment;
      const told = elsewhere.isOrphan(payment.id) ? orphan : payment;
      if (payment.type !== 'REFUND' && mood.strikes('delivery_of_other_amount', 60)) {
        const other = { ...told, purchaseAmount: OTHER_AMOUNT, totalAmount: OTHER_AMOUNT };
        for (const event of eventsOf(other, from, form, providerNow())) send(event);
        return;
      }
      for (const event of eventsOf(told, from, form, providerNow())) send(event);
    },
  };
}
