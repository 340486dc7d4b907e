import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';
import { connectPublicly } from './public-address.ts';

/** What became of one push. */
export type PushAnswer =
  | { taken: true }
  /** `gone`: the receiver wants no more, ever (410). */
  | { taken: false; reason: string; gone: boolean; retryAfterMs: number | null };

/** Upstream's endpoint, called by the Standard Webhooks specification. */
export interface Receiver {
  /**
   * Sends one event once. `id` and `body` are the same at every try, `at` is the instant of this one: it is signed, and receivers
   * refuse what is minutes away from their clock. Never throws.
   */
  push(id: string, body: string, at: Date): Promise<PushAnswer>;
  close(): Promise<void>;
}

export interface ReceiverOptions {
  url: string;
  /** `whsec_` and base64; every push is signed with each, so that they can be rotated. */
  secrets: readonly string[];
  allowPrivateAddresses: boolean;
  timeoutMs: number;
}

const CONNECTIONS = 32;
const REASON_LENGTH_MAX = 200;
const RETRY_AFTER_MS_MAX = 24 * 3_600_000;

export function createReceiver(options: ReceiverOptions): Receiver {
  const signers = options.secrets.map((secret) => new Webhook(secret));
  const timeout = { timeout: options.timeoutMs };
  const agent = new Agent({
    connections: CONNECTIONS,
    connect: options.allowPrivateAddresses ? timeout : connectPublicly(timeout),
  });
  return {
    push: async (id, body, at) => {
      try {
        const answer = await request(options.url, {
          dispatcher: agent,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'Capstan/0.1',
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
            'webhook-signature': signers.map((signer) => signer.sign(id, at, body)).join(' '),
          },
          body,
          signal: AbortSignal.timeout(options.timeoutMs),
        });
        await answer.body.dump();
        const { statusCode } = answer;
        if (statusCode >= 200 && statusCode < 300) return { taken: true };
        return {
          taken: false,
          reason: `answered with ${statusCode}`,
          gone: statusCode === 410,
          retryAfterMs: readRetryAfter(answer.headers['retry-after']),
        };
      } catch (error) {
        return { taken: false, reason: reasonOf(error), gone: false, retryAfterMs: null };
      }
    },
    close: () => agent.close(),
  };
}

function reasonOf(error: unknown): string {
  const { name, message, code } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError') return 'no answer in time';
  return (code === undefined ? message : `${code}: ${message}`).slice(0, REASON_LENGTH_MAX);
}

/** In seconds, or a date. */
function readRetryAfter(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string') return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, RETRY_AFTER_MS_MAX) : null;
}
