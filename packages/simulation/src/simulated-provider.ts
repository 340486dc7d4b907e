import { DEFAULT_ACCOUNTS } from '@capstan/conomy-sandbox/default-accounts';
import { ConomyError, errorBody } from '@capstan/conomy-sandbox/errors';
import { createPayment } from '@capstan/conomy-sandbox/operations/create-payment';
import { listPayments } from '@capstan/conomy-sandbox/operations/list-payments';
import { authorizePayment, capturePayment } from '@capstan/conomy-sandbox/operations/move-payment';
import type { Operation } from '@capstan/conomy-sandbox/operations/operation';
import {
  createAttempt,
  listAttempts,
  readAttempt,
} from '@capstan/conomy-sandbox/operations/payment-attempts';
import { attachDocument } from '@capstan/conomy-sandbox/operations/payment-documents';
import { readPayment } from '@capstan/conomy-sandbox/operations/read-payment';
import { refundPayment } from '@capstan/conomy-sandbox/operations/refund-payment';
import { Reply } from '@capstan/conomy-sandbox/operations/reply';
import { type Payment, paymentBody } from '@capstan/conomy-sandbox/payment';
import { createSandbox, type Sandbox } from '@capstan/conomy-sandbox/sandbox';
import { startSettings } from '@capstan/conomy-sandbox/settings';
import { UNKNOWN_STATUS } from '@capstan/conomy-sandbox/told-payments';
import type { Random } from '@capstan/local-stack/demo/random';
import {
  nextOffsetOf,
  parseErrorBody,
  parseList,
  parsePayment,
} from '@capstan/shared/provider/conomy/schema';
import { listQuery } from '@capstan/shared/provider/conomy/urls';
import type {
  ObservedPayment,
  PaymentProvider,
  ProviderFailure,
  ProviderResult,
} from '@capstan/shared/provider/payment-provider';
import { afterCall, beforeCall, type CallName } from './points.ts';
import type { Task } from './task.ts';

/** One write that reached the provider. */
export interface ArrivedWrite {
  operation: CallName;
  /** The externalId of a create, else the Conomy id. */
  about: string;
  atMs: number;
}

/** Longer than any answer that still counts; the capturers' timings are made with it. */
export const CALL_MS_MAX = 5_000;
const FAULTS_MAX = 8;
/** Of the reads tell a status that no document knows; it is another one with the next read. */
const UNKNOWN_STATUS_PERCENT = 5;
/** Well below the span that absence takes. */
const LAG_MS_MAX = 8_000;

export interface SimulatedProvider {
  sandbox: Sandbox;
  arrived: ArrivedWrite[];
  /** Payments, refunds and payment attempts as they really are. */
  everything(): Payment[];
  find(id: string): Payment | undefined;
  portOf(task: Task): PaymentProvider;
}

/** The sandbox's own rules and ledger behind the port, with faults by seed at each stage of a call. */
export function createSimulatedProvider(parts: {
  random: Random;
  now: () => number;
  later: (atMs: number, run: () => void) => void;
}): SimulatedProvider {
  const { random, now, later } = parts;
  const sandbox = createSandbox({
    credentials: { apiKey: 'k', clientId: 'c', clientSecret: 's' },
    tokenLifetimeS: 3_600,
    accounts: DEFAULT_ACCOUNTS,
    settings: startSettings({ timers: { capturedToReceivedMs: null, receivedToSettledMs: null } }),
    webhookRetryDelayMs: () => null,
    webhookTimeoutMs: 1_000,
    now,
  });
  const arrived: ArrivedWrite[] = [];
  let faults = 0;

  const mayFail = (percent: number) => {
    if (faults >= FAULTS_MAX || random.whole(0, 99) >= percent) return false;
    faults += 1;
    return true;
  };

  function answer(operation: Operation, request: { id?: string; query?: object; body?: unknown }) {
    const { id = '', query = {}, body } = request;
    try {
      const told = operation.run(sandbox, { id, query: query as Record<string, string>, body });
      const json = JSON.parse(JSON.stringify(told instanceof Reply ? told.body : told));
      return { ok: true as const, json: json as Record<string, unknown> };
    } catch (error) {
      if (!(error instanceof ConomyError)) throw error;
      const { status } = error;
      const facts = parseErrorBody(errorBody(error, 'current'));
      const failure: ProviderFailure = {
        stage: 'answered',
        reason: `http_${status}`,
        httpStatus: status,
        ...facts,
      };
      return { ok: false as const, failure };
    }
  }

  function portOf(task: Task): PaymentProvider {
    async function exchange<T>(
      name: CallName,
      about: string,
      act: () => ProviderResult<T>,
    ): Promise<ProviderResult<T>> {
      const beganMs = now();
      await task.stopAt(beforeCall(name));
      // The client's own deadline ran while the process stood still.
      if (now() - beganMs >= CALL_MS_MAX) return failed('not_sent', 'timeout');
      const isWrite = name !== 'read' && name !== 'list';
      const reach = () => {
        if (isWrite) arrived.push({ operation: name, about, atMs: now() });
        return act();
      };
      if (mayFail(isWrite ? 25 : 5)) {
        switch (random.whole(0, isWrite ? 6 : 2)) {
          case 0:
            return failed('not_sent', 'connect_refused');
          case 1:
            return failed('no_clear_answer', 'http_503', { httpStatus: 503 });
          case 2:
            return failed('answered', 'http_429', { httpStatus: 429, retryAfterMs: 1_000 });
          case 3:
            later(beganMs + random.whole(0, CALL_MS_MAX - 1), reach);
            return failed('no_clear_answer', 'timeout');
          case 4: {
            const held = sandbox.view.holdBack(about, random.whole(1, LAG_MS_MAX), reach);
            await task.stopAt(afterCall(name));
            return now() - beganMs >= CALL_MS_MAX ? failed('no_clear_answer', 'timeout') : held;
          }
          default:
            reach();
            await task.stopAt(afterCall(name));
            return failed('no_clear_answer', 'reset');
        }
      }
      const result = reach();
      await task.stopAt(afterCall(name));
      return now() - beganMs >= CALL_MS_MAX ? failed('no_clear_answer', 'timeout') : result;
    }
    const told = (operation: Operation, request: { id?: string; body?: unknown }) => {
      const answered = answer(operation, request);
      return answered.ok ? parsed(parsePayment(answered.json)) : answered;
    };
    const created = (name: CallName, operation: Operation, text: string) => {
      const body = JSON.parse(text) as { externalId: string };
      return exchange(name, body.externalId, () => told(operation, { body }));
    };
    const listed = (operation: Operation, query: string, offset: number) =>
      exchange('list', '', () => {
        const answered = answer(operation, { query: Object.fromEntries(new URLSearchParams(query)) });
        if (!answered.ok) return answered;
        const list = parseList(answered.json);
        if (list === null) throw new Error('the simulated list is none');
        const payments = list.rows.map(parsePayment).filter((payment) => payment !== null);
        const page = { payments, unreadableRows: 0, nextOffset: nextOffsetOf(list, offset) };
        return { ok: true, value: page };
      });
    const port: Partial<PaymentProvider> = {
      createPayment: (text) => created('create', createPayment, text),
      createAttempt: (text) => created('create_attempt', createAttempt, text),
      readAttempt: (id) => exchange('read', id, () => told(readAttempt, { id })),
      listAttempts: (filter, page) => listed(listAttempts, listQuery(filter, page), page.next),
      submitDocument: (id, body) =>
        exchange('submit_document', id, () => {
          const answered = answer(attachDocument, { id, body });
          return answered.ok ? { ok: true, value: null } : answered;
        }),
      authorizePayment: (id) => exchange('authorize', id, () => told(authorizePayment, { id })),
      capturePayment: (id) => exchange('capture', id, () => told(capturePayment, { id })),
      readPayment: (id) =>
        exchange('read', id, () => {
          const answer = told(readPayment, { id });
          return random.whole(0, 99) < UNKNOWN_STATUS_PERCENT ? withUnknownStatus(answer) : answer;
        }),
      refundPayment: (id, body) =>
        exchange('refund', id, () => {
          const answered = answer(refundPayment, { id, body });
          if (!answered.ok) return answered;
          const child = parsePayment({ ...answered.json, id: answered.json.refundId, paymentId: undefined });
          return parsed(child && { ...child, parentPaymentId: id, raw: answered.json });
        }),
      listRefundsOf: (id) =>
        exchange('list', id, () => ({
          ok: true,
          value: {
            refunds: sandbox.view
              .childrenOf(id)
              .map((child) => parsePayment(paymentBody(child)) as ObservedPayment),
            unreadableRows: 0,
          },
        })),
      listPayments: (filter, page) => listed(listPayments, listQuery(filter, page), page.offset),
    };
    return port as PaymentProvider;
  }

  return {
    sandbox,
    arrived,
    everything: () => [...sandbox.store.inOrder(), ...sandbox.attempts.inOrder()],
    find: (id) => sandbox.store.find(id) ?? sandbox.attempts.find(id),
    portOf,
  };
}

function withUnknownStatus<T>(answer: ProviderResult<T>): ProviderResult<T> {
  return answer.ok ? { ok: true, value: { ...answer.value, status: UNKNOWN_STATUS } } : answer;
}

function parsed(payment: ObservedPayment | null): ProviderResult<ObservedPayment> {
  if (payment === null) throw new Error('the simulated provider gave an answer that the client cannot read');
  return { ok: true, value: payment };
}

function failed(
  stage: ProviderFailure['stage'],
  reason: string,
  more: Partial<ProviderFailure> = {},
): { ok: false; failure: ProviderFailure } {
  return { ok: false, failure: { stage, reason, ...more } };
}
