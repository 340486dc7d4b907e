import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, p2p, purchase, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: one stack of real processes, an upstream system that sends commands and waits.
// Goal: every kind of payment of the main job ends settled, and its history can be read.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

const settled = async (commandId: string) => {
  const { body } = await client.get(`/v1/commands/${commandId}?wait=20`);
  const { payment } = (await client.get(`/v1/payments/${body.command.payment.key}?wait=20`)).body;
  return { command: body.command, payment };
};

describe('from acceptance to SETTLED', () => {
  test('the documented COLLECT of 30,000.00 COP from two accounts', async () => {
    const { body, status, headers } = await client.send(collect());
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/commands/${body.command.id}`);
    const { command, payment } = await settled(body.command.id);
    expect(command).toMatchObject({
      status: 'succeeded',
      steps: [
        { operation: 'create', status: 'succeeded' },
        { operation: 'capture', status: 'succeeded' },
      ],
    });
    expect(payment).toMatchObject({
      type: 'COLLECT',
      status: 'SETTLED',
      totalAmount: '30000.00',
      currency: 'COP',
      mirror: { final: true, cause: 'read' },
    });
  });

  test('a PURCHASE by ETPAY, which tells the payer where to go', async () => {
    const { body } = await client.send(purchase());
    const { command, payment } = await settled(body.command.id);
    expect(command.payment.rail.url).toMatch(/^https?:\/\//);
    expect(payment).toMatchObject({ type: 'PURCHASE', status: 'SETTLED', currency: 'CLP' });
  });

  test('a P2P that is authorized, then captured', async () => {
    const { body } = await client.send(p2p(['authorize', 'capture']));
    const { command, payment } = await settled(body.command.id);
    expect(command.attempts.map(({ operation }: { operation: string }) => operation)).toEqual([
      'create',
      'authorize',
      'capture',
    ]);
    expect(payment.status).toBe('SETTLED');
  });

  test('a create and, sent right after it, a capture by externalId', async () => {
    const create = p2p();
    await client.send(create);
    const { status, body } = await client.send({
      type: 'payment.capture',
      payment: { externalId: create.payment.externalId },
    });
    expect(status).toBe(202);
    const { command, payment } = await settled(body.command.id);
    expect(command.status).toBe('succeeded');
    expect(payment.status).toBe('SETTLED');
  });

  test('a capture by the id of a payment that was made elsewhere', async () => {
    const { body: made } = await client.send(p2p());
    const first = await client.get(`/v1/commands/${made.command.id}?wait=20`);
    const { body } = await client.send({
      type: 'payment.capture',
      payment: { id: first.body.command.payment.id },
    });
    expect((await settled(body.command.id)).payment.status).toBe('SETTLED');
  });
});

describe('what upstream can read afterwards', () => {
  test('the timeline tells commands, attempts, deliveries and moves in order', async () => {
    const { body } = await client.send(collect());
    const { payment } = await settled(body.command.id);
    const { entries, next } = (await client.get(`/v1/payments/${payment.key}/timeline`)).body;
    expect(next).toBeNull();
    const kinds = new Set(entries.map(({ kind }: { kind: string }) => kind));
    expect(kinds.size).toBeGreaterThanOrEqual(4);
    const times = entries.map(({ at }: { at: string }) => at);
    expect(times).toEqual([...times].sort());
  });

  test('a command the provider rejects says what the provider said', async () => {
    const create = p2p(['capture']);
    const payment = {
      ...create.payment,
      accountNumber: '404',
      origins: [{ ...create.payment.origins[0], account: { accountNumber: '404' } }],
    };
    const { body } = await client.send({ ...create, payment });
    const { command } = (await client.get(`/v1/commands/${body.command.id}?wait=20`)).body;
    expect(command).toMatchObject({
      status: 'rejected',
      problem: { code: 'provider_rejected', provider: { code: '31', type: 'notFound' } },
    });
  });

  test('a repeated command is answered with the first one', async () => {
    const command = collect();
    const first = await client.send(command, 'order-1001');
    const again = await client.send(command, 'order-1001');
    expect(again.status).toBe(202);
    expect(again.body.command.id).toBe(first.body.command.id);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});
