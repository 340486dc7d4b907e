import type { FastifyInstance } from 'fastify';
import {
  configBody,
  depositBody,
  faultsBody,
  fillBody,
  payBody,
  readControlBody,
  transitionBody,
} from './control-bodies.ts';
import { depositInstruction } from './deposits.ts';
import { ConomyError } from './errors.ts';
import { readLedger } from './ledger.ts';
import { findPayment } from './operations/find-payment.ts';
import { paymentBody } from './payment.ts';
import { playPayer } from './play-payer.ts';
import type { Sandbox } from './sandbox.ts';
import { offsetMs } from './zone.ts';

const DAY_MS = 24 * 3_600_000;

/** Routes for whoever runs the sandbox; they need no credentials and no fault touches them. */
export function addControlRoutes(server: FastifyInstance, sandbox: Sandbox): void {
  server.get('/_sandbox/ledger', async () =>
    readLedger(sandbox.store.inOrder(), sandbox.attempts.inOrder(), sandbox.accounts, sandbox.filled.fills()),
  );

  server.post('/_sandbox/config', async ({ body }) => {
    sandbox.configure(readControlBody(configBody, body));
    return visibleSettings(sandbox);
  });

  server.post<{ Params: { id: string } }>('/_sandbox/payments/:id/transition', async ({ params, body }) => {
    const { status } = readControlBody(transitionBody, body);
    const payment = sandbox.attempts.find(params.id) ?? findPayment(sandbox, params.id);
    sandbox.payments.move(payment, status);
    return paymentBody(payment);
  });

  server.post<{ Params: { id: string } }>('/_sandbox/payments/:id/pay', async ({ params, body }) => {
    const { outcome } = readControlBody(payBody, body ?? {});
    const payment = findPayment(sandbox, params.id);
    playPayer(sandbox, payment, outcome);
    return paymentBody(payment);
  });

  server.post('/_sandbox/deposits', async ({ body }) => {
    const { amount, providerReference } = readControlBody(depositBody, body);
    return paymentBody(sandbox.payments.create(depositInstruction(amount, providerReference, sandbox.now())));
  });

  server.post('/_sandbox/fill', async ({ body }) => {
    const { accountNumber, type, count, day } = readControlBody(fillBody, body);
    const account = sandbox.accounts.find(accountNumber);
    if (!account) throw new ConomyError('31', `account ${accountNumber} does not exist`);
    const fromMs = Date.parse(`${day}T00:00:00Z`) - offsetMs(sandbox.settings().clock);
    sandbox.filled.fill({ account, type, count, fromMs, overMs: DAY_MS });
    return { accountNumber, type, count, day };
  });

  server.get('/_sandbox/faults', async () => sandbox.faults.report());

  server.post('/_sandbox/faults', async ({ body }) => {
    sandbox.faults.replace(readControlBody(faultsBody, body));
    return sandbox.faults.report();
  });

  server.post('/_sandbox/reset', async () => {
    sandbox.reset();
    return { ok: true };
  });
}

/** The secret is not told back. */
function visibleSettings(sandbox: Sandbox) {
  const { webhook, ...open } = sandbox.settings();
  return { ...open, webhook: { url: webhook.url, form: webhook.form, signed: webhook.secret !== '' } };
}
