import { Agent, request } from 'undici';
import type { DeliveryPlan } from './fault-kinds/behaviour.ts';
import { type SignedDelivery, signDelivery, type WebhookEvent, type WebhookForm } from './webhook-event.ts';
import type { RetrySchedule } from './webhook-retry.ts';

/** Where events go, as set in the provider's dashboard. An empty `url` means none, an empty `secret` unsigned. */
export interface WebhookSettings {
  url: string;
  secret: string;
  /** How events that happen from now on are written. */
  form: WebhookForm;
}

export interface WebhookDelivery {
  /** The settings of this moment hold for every try, so retries follow a receiver that moved. */
  settings: () => WebhookSettings;
  retryDelayMs: RetrySchedule;
  /** How long a receiver may take to answer. */
  timeoutMs: number;
}

/** Sends events in the background. Nothing waits for a delivery and a failed one only leads to the next try. */
export interface Webhooks {
  /** Sends an event of a payment as planned; each copy has tries of its own. */
  send(paymentId: string, event: WebhookEvent, plan: DeliveryPlan): void;
  /** Resolves when the tries under way have ended. */
  delivered(): Promise<void>;
  /** Forgets every event not yet delivered. */
  drop(): void;
  close(): Promise<void>;
}

/** Bounds the sockets of a burst; more deliveries wait for a free one. */
const CONNECTIONS_MAX = 128;

/** What a forger would sign with. */
const WRONG_SECRET = 'not-the-secret-of-the-receiver';

export function createWebhooks({ settings, retryDelayMs, timeoutMs }: WebhookDelivery): Webhooks {
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const waiting = new Set<NodeJS.Timeout>();
  const underWay = new Set<Promise<void>>();
  /** By payment: sends the event that waits to be overtaken. */
  const overtaken = new Map<string, () => void>();
  let generation = 0;
  const later = (run: () => void, delayMs: number) => {
    const timer = setTimeout(() => {
      waiting.delete(timer);
      run();
    }, delayMs);
    waiting.add(timer);
  };
  const attempt = async (copy: Copy, failures: number): Promise<void> => {
    const { url, secret } = settings();
    const sign = (event: WebhookEvent) => signDelivery(event, copy.badlySigned ? WRONG_SECRET : secret);
    const signed = copy.write?.(copy.event, copy.nth, sign) ?? sign(copy.event);
    if (url === '' || (await isAccepted(agent, url, signed))) return;
    const delayMs = retryDelayMs(failures + 1);
    if (delayMs === null || copy.startedIn !== generation) return;
    later(() => begin(copy, failures + 1), delayMs);
  };
  const begin = (copy: Copy, failures: number) => {
    const trying: Promise<void> = attempt(copy, failures).finally(() => underWay.delete(trying));
    underWay.add(trying);
  };
  const sendCopies = (event: WebhookEvent, { copiesAfterMs, badlySigned = false, write }: DeliveryPlan) => {
    for (const [nth, delayMs] of copiesAfterMs.entries()) {
      const copy = { event, nth, badlySigned, write, startedIn: generation };
      if (delayMs > 0) later(() => begin(copy, 0), delayMs);
      else begin(copy, 0);
    }
  };
  const sendOvertaken = (paymentId: string) => {
    const release = overtaken.get(paymentId);
    overtaken.delete(paymentId);
    release?.();
  };
  const drop = () => {
    generation += 1;
    for (const timer of waiting) clearTimeout(timer);
    waiting.clear();
    overtaken.clear();
  };
  return {
    send: (paymentId, event, plan) => {
      if (plan.afterNextMs === undefined) {
        sendCopies(event, plan);
        if (overtaken.has(paymentId)) void Promise.all(underWay).then(() => sendOvertaken(paymentId));
        return;
      }
      sendOvertaken(paymentId);
      overtaken.set(paymentId, () => sendCopies(event, plan));
      later(() => sendOvertaken(paymentId), plan.afterNextMs);
    },
    delivered: async () => {
      await Promise.all(underWay);
    },
    drop,
    close: async () => {
      drop();
      await agent.destroy();
    },
  };
}

/** One of the deliveries of an event. */
interface Copy {
  event: WebhookEvent;
  nth: number;
  badlySigned: boolean;
  write: DeliveryPlan['write'];
  startedIn: number;
}

/** Whether the receiver answered 2xx in time. Any other end is the same to the sender: it tries again. */
async function isAccepted(dispatcher: Agent, url: string, delivery: SignedDelivery): Promise<boolean> {
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Conomy-Webhooks/1.0',
        ...delivery.headers,
      },
      body: delivery.body,
      dispatcher,
    });
    // The answer's body frees the connection when read; its content, or a cut in it, changes nothing.
    await answer.body.dump().catch(() => undefined);
    return answer.statusCode >= 200 && answer.statusCode < 300;
  } catch {
    return false;
  }
}
