import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import {
  batchAnswer,
  type CommandView,
  commandAnswer,
  type PaymentView,
  type Problem,
  paymentAnswer,
  paymentList,
  problemAnswer,
} from './api-answers.ts';
import type { PlannedCommand } from './workload.ts';

/** What the API said to one command. */
export type Acceptance =
  | { kind: 'accepted'; command: CommandView }
  | { kind: 'refused'; httpStatus: number; problem: Problem };

/** The HTTP API as an upstream system uses it. Every method rejects when `signal` aborts. */
export interface DemoApi {
  send(planned: PlannedCommand, signal: AbortSignal): Promise<Acceptance>;
  /** At most 1,000; the answers are in the same order. */
  sendBatch(planned: readonly PlannedCommand[], signal: AbortSignal): Promise<Acceptance[]>;
  /** Answers once the command has ended, at the latest after `waitS` seconds. */
  waitForCommand(id: string, waitS: number, signal: AbortSignal): Promise<CommandView>;
  /** Answers once the payment is final, at the latest after `waitS` seconds. */
  waitForPayment(key: string, waitS: number, signal: AbortSignal): Promise<PaymentView>;
  /** What Capstan holds under an externalId: none, one, or more when an earlier one was released. */
  findPayments(externalId: string, signal: AbortSignal): Promise<PaymentView[]>;
  /** Every refund Capstan holds, of any payment, newest first. */
  findRefunds(signal: AbortSignal): AsyncIterable<PaymentView>;
}

interface Call {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal: AbortSignal;
}

const NOT_NOW: readonly number[] = [429, 503];

export function createDemoApi(url: string, apiKey: string): DemoApi {
  const call = async ({ method, path, body, headers, signal }: Call): Promise<Response> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
    });
    if (!NOT_NOW.includes(response.status)) return response;
    // Safe to repeat: a command keeps its idempotency key, everything else is a read.
    await response.body?.cancel();
    await delay(retryAfterMs(response), undefined, { signal });
    return call({ method, path, body, ...(headers ? { headers } : {}), signal });
  };
  const get = async <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> =>
    readAnswer(await call({ method: 'GET', path, signal }), `GET ${path}`, schema);

  return {
    send: async ({ idempotencyKey, command }, signal) => {
      const headers = { 'idempotency-key': idempotencyKey };
      const response = await call({ method: 'POST', path: '/v1/commands', body: command, headers, signal });
      if (response.status >= 400 && response.status < 500) {
        return { kind: 'refused', httpStatus: response.status, problem: await readProblem(response) };
      }
      const answer = await readAnswer(response, 'POST /v1/commands', commandAnswer);
      return { kind: 'accepted', command: answer.command };
    },
    sendBatch: async (planned, signal) => {
      const path = '/v1/commands/batch';
      const commands = planned.map(({ idempotencyKey, command }) => ({ idempotencyKey, ...command }));
      const response = await call({ method: 'POST', path, body: { commands }, signal });
      const { results } = await readAnswer(response, `POST ${path}`, batchAnswer);
      if (results.length !== planned.length) {
        throw new Error(`POST ${path} answered ${results.length} results to ${planned.length} commands`);
      }
      return results.map(readBatchResult);
    },
    waitForCommand: async (id, waitS, signal) =>
      (await get(`/v1/commands/${id}?wait=${waitS}`, commandAnswer, signal)).command,
    waitForPayment: async (key, waitS, signal) =>
      (await get(`/v1/payments/${key}?wait=${waitS}`, paymentAnswer, signal)).payment,
    findPayments: async (externalId, signal) =>
      (await get(`/v1/payments?${new URLSearchParams({ externalId })}`, paymentList, signal)).payments,
    findRefunds: async function* (signal) {
      const query = new URLSearchParams({ type: 'REFUND', limit: '200' });
      for (let more = true; more; ) {
        const { payments, next } = await get(`/v1/payments?${query}`, paymentList, signal);
        yield* payments;
        more = next !== null;
        if (next !== null) query.set('cursor', next);
      }
    },
  };
}

function readBatchResult({
  status,
  command,
  problem,
}: z.infer<typeof batchAnswer>['results'][number]): Acceptance {
  if (command) return { kind: 'accepted', command };
  if (problem) return { kind: 'refused', httpStatus: status, problem };
  throw new Error(`a result of the batch (${status}) holds neither a command nor a problem`);
}

async function readAnswer<T>(response: Response, what: string, schema: z.ZodType<T>): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${what} was answered ${response.status}: ${text}`);
  const read = schema.safeParse(JSON.parse(text));
  if (read.success) return read.data;
  throw new Error(`${what} was answered in a form the demo does not know: ${read.error.message}`);
}

async function readProblem(response: Response): Promise<Problem> {
  return problemAnswer.parse(await response.json());
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? '1');
  return Number.isFinite(seconds) ? Math.max(seconds, 0.1) * 1_000 : 1_000;
}
