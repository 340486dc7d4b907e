import { DEFAULT_ACCOUNTS } from '@capstan/conomy-sandbox/default-accounts';
import { ConomyError, errorBody } from '@capstan/conomy-sandbox/errors';
import { createPayment } from '@capstan/conomy-sandbox/operations/create-payment';
import { authorizePayment, capturePayment } from '@capstan/conomy-sandbox/operations/move-payment';
import type { Operation } from '@capstan/conomy-sandbox/operations/operation';
import { createAttempt, readAttempt } from '@capstan/conomy-sandbox/operations/payment-attempts';
import { attachDocument } from '@capstan/conomy-sandbox/operations/payment-documents';
import { readPayment } from '@capstan/conomy-sandbox/operations/read-payment';
import { refundPayment } from '@capstan/conomy-sandbox/operations/refund-payment';
import { Reply } from '@capstan/conomy-sandbox/operations/reply';
import type { Payment } from '@capstan/conomy-sandbox/payment';
import { createSandbox, type Sandbox } from '@capstan/conomy-sandbox/sandbox';
import { startSettings } from '@capstan/conomy-sandbox/settings';
import { UNKNOWN_STATUS } from '@capstan/conomy-sandbox/told-payments';
import type { Intent } from '@capstan/local-stack/chaos/intents';
import type { Random } from '@capstan/local-stack/demo/random';
import { storableJson } from '@capstan/shared/db/storable-text';
import type { Caller } from '@capstan/shared/provider/conomy/caller';
import { readPage } from '@capstan/shared/provider/conomy/client';
import { faultOfNew } from '@capstan/shared/provider/conomy/fault-of-new';
import { refundCalls } from '@capstan/shared/provider/conomy/refunds';
import { parseErrorBody, parsePayment, statusText } from '@capstan/shared/provider/conomy/schema';
import { listQuery } from '@capstan/shared/provider/conomy/urls';
import type {
  CallOptions,
  PaymentFilter,
  PaymentProvider,
  ProviderResult,
} from '@capstan/shared/provider/payment-provider';
import { createElsewhere, type Elsewhere } from './elsewhere.ts';
import type { Impoliteness } from './impoliteness.ts';
import { createOrigins, type Origins } from './origins.ts';
import { createSimulatedAnswers } from './simulated-answers.ts';
import {
  type ArrivedWrite,
  type Begun,
  createExchange,
  failed,
  type SimulatedCall,
  type Told,
} from './simulated-exchange.ts';
import { createSimulatedLists, localInstant } from './simulated-lists.ts';
import type { Task } from './task.ts';

/** Where faults wait in the lists, so that many have to look there. */
const LOST_CREATES_PERCENT = 25;
const IMPOSSIBLE_INSTANTS = ['2026-02-31T10:00:00Z', '0000-00-00T00:00:00Z', '2026-13-01T00:00:00.000Z'];
const ODD_STATUSES = ['x'.repeat(4_000), 'CAP\0TURED', 'CAPTURED\ud800'];
/** Of the reads tell a status that no document knows; it is another one with the next read. */
const UNKNOWN_STATUS_PERCENT = 5;

export interface SimulatedProvider {
  sandbox: Sandbox;
  origins: Origins;
  elsewhere: Elsewhere;
  arrived: readonly ArrivedWrite[];
  begun: readonly Begun[];
  /** Payments whose step was sent while a review held it, or after it had let it through. */
  sentThoughHeld: readonly string[];
  /** What reads told that is not so, as `id status`. */
  toldInError: ReadonlySet<string>;
  /** Payments, refunds and payment attempts as they really are. */
  everything(): Payment[];
  find(id: string): Payment | undefined;
  portOf(task: Task): PaymentProvider;
}

/** The sandbox's own rules and ledger behind the port, with the faults of a seed. */
export function createSimulatedProvider(parts: {
  seed: number;
  random: Random;
  now: () => number;
  databaseNow: () => number;
  /** The provider's own clock. */
  providerNow: () => number;
  later: (atMs: number, run: () => void) => void;
  mood: Impoliteness;
  /** Of the provider's wall clock, east of UTC. */
  zoneHours: number;
  intents: readonly Intent[];
}): SimulatedProvider {
  const { seed, random, providerNow, mood, zoneHours } = parts;
  const sandbox = createSandbox({
    credentials: { apiKey: 'k', clientId: 'c', clientSecret: 's' },
    tokenLifetimeS: 3_600,
    accounts: DEFAULT_ACCOUNTS,
    settings: startSettings({ timers: { capturedToReceivedMs: null, receivedToSettledMs: null } }),
    webhookRetryDelayMs: () => null,
    webhookTimeoutMs: 1_000,
    now: providerNow,
  });
  const origins = createOrigins();
  const toldInError = new Set<string>();
  const elsewhere = createElsewhere({ ...parts, sandbox, origins, begun: () => begun });
  const lists = createSimulatedLists({
    sandbox,
    origins,
    mood,
    zoneHours,
    seed,
    isHidden: elsewhere.isHidden,
  });
  const answers = createSimulatedAnswers({ ...parts, sandbox, origins });
  const { arrived, begun, exchange } = createExchange({
    ...parts,
    view: sandbox.view,
    refuses: () => mood.strikes('connection_refused', 60),
    lostCreatesPercent: mood.searches ? LOST_CREATES_PERCENT : 0,
  });

  function run(operation: Operation, request: { id?: string; query?: object; body?: unknown }): Told {
    const { id = '', query = {}, body } = request;
    try {
      const told = operation.run(sandbox, { id, query: query as Record<string, string>, body });
      return answered(told instanceof Reply ? told.body : told);
    } catch (error) {
      if (!(error instanceof ConomyError)) throw error;
      const { status } = error;
      const facts = parseErrorBody(errorBody(error, 'current'));
      return failed('answered', `http_${status}`, { httpStatus: status, ...facts });
    }
  }

  /** The instants of an answer are those of the wall clock there. */
  function answered(body: unknown): { ok: true; json: Record<string, unknown> } {
    const json = JSON.parse(JSON.stringify(body), (name, value) =>
      name === 'createdAt' ? localInstant(value, zoneHours) : value,
    );
    return { ok: true, json };
  }

  function dressed(told: Told): Told {
    return told.ok ? answered(told.json) : told;
  }

  function make(operation: Operation, request: { id?: string; body: unknown }): Told {
    const told = run(operation, request);
    if (!told.ok) return told;
    const made = find(String(told.json.refundId ?? told.json.id));
    if (made) origins.note(made, 'us');
    return told;
  }

  const find = (id: string) => sandbox.store.find(id) ?? sandbox.attempts.find(id);

  function readOne(operation: Operation, id: string): Told {
    const other = lists.findOther(id);
    const told = other === undefined ? run(operation, { id }) : answered(other);
    if (!told.ok || operation !== readPayment) return told;
    return { ok: true, json: asRead(id, told.json) };
  }

  function asRead(id: string, json: Record<string, unknown>): Record<string, unknown> {
    const { parentPaymentId, ...rest } = json;
    const whole = elsewhere.isOrphan(id) ? rest : json;
    if (mood.strikes('impossible_dates', 30))
      return { ...whole, createdAt: mood.random.pick(IMPOSSIBLE_INSTANTS) };
    const isOdd = random.whole(0, 99) < UNKNOWN_STATUS_PERCENT;
    const odd = mood.strikes('odd_texts', 10) ? mood.random.pick(ODD_STATUSES) : UNKNOWN_STATUS;
    if (!isOdd && odd === UNKNOWN_STATUS) return whole;
    // As it is kept: cut, and PostgreSQL takes neither NUL nor half a pair.
    toldInError.add(`${id} ${JSON.parse(storableJson(statusText.parse(odd)))}`);
    return { ...whole, status: odd };
  }

  function portOf(task: Task): PaymentProvider {
    const call = async <T>(
      made: SimulatedCall,
      parse: (json: unknown, headers: { date: string }) => T | null,
      contentFault: string | ((json: unknown) => string),
    ): Promise<ProviderResult<T>> => {
      const told = await exchange(task, made);
      if (!told.ok) return told;
      const value = parse(told.json, { date: new Date(providerNow()).toUTCString() });
      if (value !== null) return { ok: true, value };
      const reason = typeof contentFault === 'string' ? contentFault : contentFault(told.json);
      return failed('no_clear_answer', reason, { httpStatus: 200 });
    };
    const create = (
      name: 'create' | 'create_attempt',
      operation: Operation,
      text: string,
      options?: CallOptions,
    ) => {
      const body = JSON.parse(text) as { externalId: string };
      const making = (asked: object) => make(operation, { body: asked });
      const act = () => (name === 'create' ? dressed(answers.create(body, making)) : making(body));
      return call(
        { ...options, name, about: body.externalId, act },
        parsePayment,
        faultOfNew('not_a_payment'),
      );
    };
    const ofPayment = (name: SimulatedCall['name'], id: string, act: () => Told, options?: CallOptions) =>
      call(
        { ...options, name, about: id, act },
        (json) => {
          const payment = parsePayment(json);
          return payment?.id === id ? payment : null;
        },
        'not_this_payment',
      );
    const list = (of: 'payments' | 'attempts', filter: PaymentFilter, limit: number, offset: number) => {
      const asked = new URLSearchParams(listQuery(filter, {}));
      const query = {
        accountNumber: filter.accountNumber,
        type: filter.type,
        fromDay: asked.get('startDate') ?? undefined,
        toDay: asked.get('endDate') ?? undefined,
        descending: filter.sort !== 'createdAt:asc',
        limit,
        offset,
      };
      const act = (): Told => {
        if (offset > 0 && mood.strikes('page_fails', 30))
          return mood.random.whole(0, 1) === 0
            ? failed('answered', 'http_429', { httpStatus: 429, retryAfterMs: 1_000 })
            : failed('no_clear_answer', 'timeout');
        return answered(lists.page(of, query));
      };
      return call(
        { name: 'list', about: '', act },
        (json, headers) => readPage(json, headers, offset),
        'not_a_list',
      );
    };
    /** The client's own walk of a list of refunds, and what it makes of their rows, over simulated calls. */
    const refunds = refundCalls({
      apiUrl: (path, query = '') => new URL(`https://provider.example${path}?${query}`),
      call: ({ method, url, body }, parse, contentFault, options) => {
        const parentId = decodeURIComponent(/^\/payments\/([^/]+)\//.exec(url.pathname)?.[1] ?? '');
        if (method === 'POST') {
          const refund = JSON.parse(body ?? '{}');
          if (elsewhere.swallows(parentId, refund.amount))
            return call({ ...options, name: 'refund', about: parentId, act: null }, parse, contentFault);
          const making = (asked: object) => make(refundPayment, { id: parentId, body: asked });
          const act = () => dressed(answers.refund(parentId, refund, making));
          return call({ ...options, name: 'refund', about: parentId, act }, parse, contentFault);
        }
        const query = Object.fromEntries(url.searchParams);
        const act = (): Told =>
          parentId === '' ? answered(lists.refunds(query)) : answered(lists.refundsBelow(parentId));
        return call(
          { name: 'list', about: parentId || (query.parentPaymentId ?? ''), act },
          parse,
          contentFault,
        );
      },
      close: async () => {},
    } satisfies Caller);
    const port: Partial<PaymentProvider> = {
      ...refunds,
      createPayment: (text, options) => create('create', createPayment, text, options),
      createAttempt: (text, options) => create('create_attempt', createAttempt, text, options),
      authorizePayment: (id, options) =>
        ofPayment(
          'authorize',
          id,
          () => answers.step('authorize', id, () => run(authorizePayment, { id })),
          options,
        ),
      capturePayment: (id, options) =>
        ofPayment(
          'capture',
          id,
          () => answers.step('capture', id, () => run(capturePayment, { id })),
          options,
        ),
      readPayment: (id) => ofPayment('read', id, () => readOne(readPayment, id)),
      readAttempt: (id) => ofPayment('read', id, () => readOne(readAttempt, id)),
      submitDocument: async (id, body, options) => {
        const act = () => run(attachDocument, { id, body });
        const taken = await call({ ...options, name: 'submit_document', about: id, act }, (json) => json, '');
        return taken.ok ? { ok: true, value: null } : taken;
      },
      listPayments: (filter, { limit, offset }) => list('payments', filter, limit, offset),
      listAttempts: (filter, { limit, next }) => list('attempts', filter, limit, next),
    };
    return port as PaymentProvider;
  }

  return {
    sandbox,
    origins,
    elsewhere,
    arrived,
    begun,
    sentThoughHeld: answers.sentThoughHeld,
    toldInError,
    everything: () => [...sandbox.store.inOrder(), ...sandbox.attempts.inOrder()],
    find,
    portOf,
  };
}
