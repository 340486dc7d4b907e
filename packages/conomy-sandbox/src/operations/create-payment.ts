import { type CreateContext, readCreateBody } from '../create-body.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Operation } from './operation.ts';
import { writtenBody } from './written-body.ts';

export const createPayment: Operation = {
  name: 'create',
  method: 'POST',
  path: '/sandbox/payments',
  access: 'token',
  run: (sandbox, { body }) => {
    const payment = sandbox.payments.create(readCreateBody(body, createContext(sandbox)));
    return writtenBody(sandbox, payment, ['id', 'type', 'status']);
  },
};

/** What create bodies are checked against at this moment. */
export function createContext({ accounts, settings, now }: Sandbox): CreateContext {
  return { accounts, settings: settings(), nowMs: now() };
}
