import { randomUUID } from 'node:crypto';
import { CLP_MERCHANT, COP_COLLECTOR, COP_PAYER } from '@capstan/conomy-sandbox/default-accounts';
import type { Stack } from '@capstan/local-stack/stack';
import { accountNode, collectBody } from '@capstan/testing/create-bodies';

/** An answer of the api: its status and its JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** Talks to a running stack as an upstream system does, and to the sandbox's control routes. */
export function stackClient(stack: Stack) {
  const request = async (
    method: string,
    path: string,
    init: { body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(`${stack.apis[0]?.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${stack.info.apiKey}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
      body: init.body === undefined ? undefined : JSON.stringify(init.body),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    } as Answer;
  };
  const get = (path: string) => request('GET', path);
  const send = (command: unknown, idempotencyKey: string = randomUUID()) =>
    request('POST', '/v1/commands', { body: command, headers: { 'idempotency-key': idempotencyKey } });
  const sendBatch = (commands: readonly object[]) =>
    request('POST', '/v1/commands/batch', {
      body: { commands: commands.map((command) => ({ idempotencyKey: randomUUID(), ...command })) },
    });
  const post = (path: string, body: object) => request('POST', path, { body });
  return {
    get,
    post,
    send,
    sendBatch,
    ledger: () => ledger(stack),
    control: (path: string, body: unknown) => control(stack, path, body),
  };
}

export type StackClient = ReturnType<typeof stackClient>;

export interface LedgerPayment {
  id: string;
  externalId: string;
  status: string;
  totalAmount: string;
  effects: { create: number; authorize: number; capture: number; refund: number };
  /** How often each was asked for. */
  calls: { create: number; authorize: number; capture: number; refund: number };
}

async function ledger(
  stack: Stack,
): Promise<{ payments: LedgerPayment[]; byExternalId: Record<string, number> }> {
  return (await fetch(`${stack.sandbox.url}/_sandbox/ledger`)).json() as never;
}

async function control(stack: Stack, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${stack.sandbox.url}/_sandbox/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`_sandbox/${path}: ${response.status} ${await response.text()}`);
}

/** The documented COLLECT: 30,000.00 COP from two accounts, captured. */
export function collect(externalId: string = randomUUID()) {
  return { type: 'payment.create', payment: collectBody(externalId), then: ['capture'] };
}

/** 15,000.00 COP from one account to another, created only unless `then` says more. */
export function p2p(then?: string[], externalId: string = randomUUID()) {
  return {
    type: 'payment.create',
    payment: {
      externalId,
      identityId: COP_PAYER.identityId,
      accountNumber: COP_PAYER.accountNumber,
      product: 'COP:COP',
      type: 'P2P',
      purchaseAmount: '15000.00',
      purchaseCurrency: 'COP',
      currency: 'COP',
      origins: [accountNode(COP_PAYER, '15000.00')],
      destinations: [accountNode(COP_COLLECTOR, '15000.00')],
    },
    ...(then === undefined ? {} : { then }),
  };
}

/** 49990 CLP by ETPAY, captured. */
export function purchase(externalId: string = randomUUID()) {
  const page = (name: string) => `https://shop.example/orders/1001/${name}`;
  return {
    type: 'payment.create',
    payment: {
      externalId,
      identityId: CLP_MERCHANT.identityId,
      accountNumber: CLP_MERCHANT.accountNumber,
      product: 'CLP:CLP',
      type: 'PURCHASE',
      purchaseAmount: '49990',
      purchaseCurrency: 'CLP',
      currency: 'CLP',
      origins: [
        {
          type: 'ETPAY',
          currency: 'CLP',
          etpay: {
            successUrl: page('success'),
            failedUrl: page('failed'),
            customer: { firstName: 'Jane', email: 'jane@example.com' },
          },
        },
      ],
      destinations: [accountNode(CLP_MERCHANT, '49990')],
    },
    then: ['capture'],
  };
}
