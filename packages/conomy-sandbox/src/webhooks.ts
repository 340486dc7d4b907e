import { Agent, request } from 'undici';
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
  /** Sends once after each of `delaysMs`, each with tries of its own; an empty list sends nothing. */
  send(event: WebhookEvent, delaysMs: readonly number[]): void;
  /** Forgets every event not yet delivered. */
  drop(): void;
  close(): Promise<void>;
}

/** Bounds the sockets of a burst; more deliveries wait for a free one. */
const CONNECTIONS_MAX = 128;

export function createWebhooks({ settings, retryDelayMs, timeoutMs }: WebhookDelivery): Webhooks {
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const waiting = new Set<NodeJS.Timeout>();
  let generation = 0;
  const later = (run: () => void, delayMs: number) => {
    const timer = setTimeout(() => {
      waiting.delete(timer);
      run();
    }, delayMs);
    waiting.add(timer);
  };
  const attempt = async (event: WebhookEvent, failures: number, startedIn: number): Promise<void> => {
    const { url, secret } = settings();
    if (url === '' || (await isAccepted(agent, url, signDelivery(event, secret)))) return;
    const delayMs = retryDelayMs(failures + 1);
    if (delayMs === null || startedIn !== generation) return;
    later(() => attempt(event, failures + 1, startedIn), delayMs);
  };
  const drop = () => {
    generation += 1;
    for (const timer of waiting) clearTimeout(timer);
    waiting.clear();
  };
  return {
    send: (event, delaysMs) => {
      for (const delayMs of delaysMs) {
        if (delayMs > 0) later(() => attempt(event, 0, generation), delayMs);
        else void attempt(event, 0, generation);
      }
    },
    drop,
    close: async () => {
      drop();
      await agent.destroy();
    },
  };
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
