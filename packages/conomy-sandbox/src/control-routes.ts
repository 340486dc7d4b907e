import type { FastifyInstance } from 'fastify';
import {
  configBody,
  depositBody,
  faultsBody,
  payBody,
  readControlBody,
  transitionBody,
} from './control-bodies.ts';
import { depositInstruction } from './deposits.ts';
import { readLedger } from './ledger.ts';
import { findPayment } from './operations/find-payment.ts';
import { paymentBody } from './payment.ts';
import { playPayer } from './play-payer.ts';
import type { Sandbox } from './sandbox.ts';

/** Routes for whoever runs the sandbox; they need no credentials and no fault touches them. */
export function addControlRoutes(server: FastifyInstance, sandbox: Sandbox): void {
  server.get('/_sandbox/ledger', async () =>
    readLedger(sandbox.store.inOrder(), sandbox.attempts.inOrder(), sandbox.accounts),
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
