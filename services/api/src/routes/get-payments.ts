import { findAttemptsOfPayment } from '@capstan/shared/db/attempts';
import { findCommandsOfPayment } from '@capstan/shared/db/commands';
import { findDeliveriesOfPayment } from '@capstan/shared/db/deliveries';
import { findJournalOfPayment } from '@capstan/shared/db/journal';
import {
  findPayment,
  findPaymentByEither,
  findPaymentByExternalId,
  type PaymentRow,
} from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import type { ProgressListener } from '@capstan/shared/db/progress';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { toPaymentAnswer } from '../answers/payment-answer.ts';
import { toTimeline } from '../answers/timeline-answer.ts';
import type { LongPoll } from '../long-poll.ts';
import { RefusedError } from '../problem.ts';
import { readQuery, readWaitMs } from '../read-query.ts';
import { waitForProgress } from '../wait-for-progress.ts';

/** Our key or Conomy's id; neither has characters beyond these. */
const params = z.object({ reference: z.string().regex(/^[\x21-\x7e]{1,100}$/) });

const externalIdMessage = 'must be given, with 1 to 200 characters';
const listQuery = z.strictObject({
  externalId: z.string(externalIdMessage).regex(/^[^\0]{1,200}$/u, externalIdMessage),
});
const noQuery = z.strictObject({});

export function addGetPaymentRoutes(
  app: FastifyInstance,
  { pool, progress, longPoll }: { pool: Pool; progress: ProgressListener; longPoll: LongPoll },
): void {
  const find = async (requestParams: unknown) => {
    const reference = params.safeParse(requestParams).data?.reference;
    return (reference ? await findPaymentByEither(pool, reference) : null) ?? refuseUnknown();
  };

  app.get('/payments', { config: { scope: 'read' } }, async (request) => {
    const { externalId } = readQuery(listQuery, request.query);
    const payment = await findPaymentByExternalId(pool, externalId);
    return { payments: payment ? [toPaymentAnswer(payment)] : [], next: null };
  });

  app.get('/payments/:reference', { config: { scope: 'read' } }, async (request, reply) => {
    const waitMs = readWaitMs(request.query);
    const payment = await find(request.params);
    if (waitMs === 0 || isFinal(payment)) return { payment: toPaymentAnswer(payment) };
    const look = async () => (await findPayment(pool, payment.key)) ?? refuseUnknown();
    const last = await longPoll(reply, (signal) =>
      waitForProgress({ progress, paymentKey: payment.key, waitMs, signal, look, isDone: isFinal }),
    );
    return { payment: toPaymentAnswer(last) };
  });

  app.get('/payments/:reference/timeline', { config: { scope: 'read' } }, async (request) => {
    readQuery(noQuery, request.query);
    const { key } = await find(request.params);
    const [commands, attempts, deliveries, moves] = await Promise.all([
      findCommandsOfPayment(pool, key),
      findAttemptsOfPayment(pool, key),
      findDeliveriesOfPayment(pool, key),
      findJournalOfPayment(pool, key),
    ]);
    return { entries: toTimeline({ commands, attempts, deliveries, moves }), next: null };
  });
}

function isFinal(payment: PaymentRow): boolean {
  return payment.final;
}

function refuseUnknown(): never {
  throw new RefusedError({ code: 'payment_not_found', detail: 'No payment has this key or Conomy id.' });
}
