import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../demo/random.ts';

/** How a client of the run reaches the api. */
export interface ApiAccess {
  apiUrls: readonly string[];
  apiKey: string;
  random: Random;
  signal: AbortSignal;
}

export interface Question {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** What was asked and answered, and when, by the client's clock. */
export interface Asked {
  fromMs: number;
  untilMs: number;
  status: number;
  answer: {
    command?: { id: string; status: string; payment: { key: string } };
    payment?: { status?: string | null; mirror: { final: boolean } };
    code?: string;
  };
}

const AGAIN_MS = 300;
const ANSWER_MS_MAX = 10_000;

/** Asks one api after the other until there is an answer that counts. `onUnheard`: of each try that had none. */
export async function askUntilAnswered(
  question: Question,
  access: ApiAccess,
  onUnheard: (fromMs: number) => void = () => {},
): Promise<Asked> {
  for (;;) {
    access.signal.throwIfAborted();
    const fromMs = Date.now();
    const asked = await askOnce(question, access);
    if (asked !== null) return asked;
    onUnheard(fromMs);
    await delay(AGAIN_MS, undefined, { signal: access.signal });
  }
}

/** Null when there was no answer that counts: no connection, a cut one, or "try again". */
export async function askOnce(
  { method, path, headers = {}, body }: Question,
  { apiUrls, apiKey, random }: ApiAccess,
): Promise<Asked | null> {
  const fromMs = Date.now();
  try {
    const response = await fetch(`${random.pick(apiUrls)}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const answer = (await response.json()) as Asked['answer'];
    const { status } = response;
    return status >= 500 || status === 429 ? null : { fromMs, untilMs: Date.now(), status, answer };
  } catch {
    return null;
  }
}
