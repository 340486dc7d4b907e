import { storeVerified } from '@capstan/api/store-delivery';
import type { Payment, PaymentStatus } from '@capstan/conomy-sandbox/payment';
import { eventsOf, signDelivery, type WebhookEvent } from '@capstan/conomy-sandbox/webhook-event';
import type { Random } from '@capstan/local-stack/demo/random';
import type { Pool } from '@capstan/shared/db/pool';
import { verifyDelivery } from '@capstan/shared/provider/conomy/signature';
import { readDelivery } from '@capstan/shared/provider/conomy/webhook';
import { deliveryJob } from '@capstan/shared/queue/catalogue';
import type { RelaySender } from '@capstan/shared/queue/sender';
import type { Task } from './task.ts';

const SECRET = 'secret';
const FORMS = new Set(['body', 'header'] as const);
const DELIVERY_MS_MAX = 20_000;

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
  contextOf: (task: Task) => { pool: Pool; senders: { deliveries: RelaySender<'deliveries'> } };
}): SimulatedWebhooks {
  const { random, now, providerNow, later, start, contextOf } = parts;
  const signed = { messages: new Set<string>(), facts: new Set<string>() };

  /** What the api does with a request to its webhook path. */
  const receive = async (task: Task, text: string, headers: Record<string, string>) => {
    const body = Buffer.from(text);
    const verification = verifyDelivery(body, headers, [SECRET], FORMS);
    if (!verification.verified) return;
    const { senders, pool } = contextOf(task);
    const stored = await storeVerified(pool, [{ body, ...verification }]);
    await senders.deliveries.offer(stored.map(({ id, timesReceived }) => deliveryJob(id, timesReceived)));
  };

  const send = (event: WebhookEvent) => {
    const { body, headers } = signDelivery(event, SECRET);
    const payload = event.form === 'header' ? event.payload : { event: event.event, data: event.data };
    const told = readDelivery(payload);
    signed.messages.add(JSON.stringify(payload));
    signed.facts.add(`${told.conomyId} ${told.status}`);
    for (let copies = random.pick([0, 1, 1, 1, 2]); copies > 0; copies -= 1) {
      later(now() + random.whole(0, DELIVERY_MS_MAX), () => {
        start('webhook', (task) => receive(task, body, headers));
      });
    }
  };

  return {
    signed,
    tell: (payment, from) => {
      const form = random.pick(['body', 'header'] as const);
      for (const event of eventsOf(payment, from, form, providerNow())) send(event);
    },
  };
}
