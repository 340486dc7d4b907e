import type { Listener } from '@capstan/shared/db/announcements';
import { findAttemptsOfPayment } from '@capstan/shared/db/attempts';
import { findCommandsOfPayment } from '@capstan/shared/db/commands';
import { findConclusionsOfPayment } from '@capstan/shared/db/conclusions';
import { findDeliveriesOfPayment } from '@capstan/shared/db/deliveries';
import { findDiscrepanciesOfPayment } from '@capstan/shared/db/discrepancies';
import { findEventsOfPayment } from '@capstan/shared/db/events';
import { findRedrivesOfPayment } from '@capstan/shared/db/interventions';
import { findJournalOfPayment } from '@capstan/shared/db/journal';
import { listPayments } from '@capstan/shared/db/lists';
import { findPayment, type PaymentRow } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import { findPushedUpTo } from '@capstan/shared/db/pushes';
import { findTimelineOrder } from '@capstan/shared/db/timeline-order';
import { waitForAnnouncement } from '@capstan/shared/db/wait-for-announcement';
import { conomyId } from '@capstan/shared/domain/conomy-id';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { toPaymentAnswer } from '../answers/payment-answer.ts';
import { afterEntry, idOfEntry, toTimeline } from '../answers/timeline-answer.ts';
import { findNamedPayment } from '../find-named-payment.ts';
import type { LongPoll } from '../long-poll.ts';
import { cutPage, pageQuery, placeInstant, readCursor, refuseCursor } from '../page.ts';
import { RefusedError, unknownPayment } from '../problem.ts';
import { externalIdFilter, providerWordFilter, readQuery, readWaitMs, timeFilter } from '../read-query.ts';

export const paymentListQuery = z.strictObject({
  externalId: externalIdFilter.optional(),
  status: providerWordFilter.optional(),
  type: providerWordFilter.optional(),
  parent: conomyId.optional().describe('Refunds of this payment: our key or its Conomy id.'),
  from: timeFilter('from').optional(),
  to: timeFilter('to').optional(),
  ...pageQuery(),
});
const paymentPlace = z.strictObject({ acceptedAt: placeInstant, key: z.guid() });

/** A payment's timeline is short as a rule, so one page holds it. */
const TIMELINE_LIMIT_DEFAULT = 200;
export const timelineQuery = z.strictObject(pageQuery(TIMELINE_LIMIT_DEFAULT));
const timelinePlace = z.string();

export function addGetPaymentRoutes(
  app: FastifyInstance,
  { pool, progress, longPoll }: { pool: Pool; progress: Listener; longPoll: LongPoll },
): void {
  app.get('/payments', { config: { scope: 'read' } }, async (request) => {
    const { cursor, limit, to, ...filter } = readQuery(paymentListQuery, request.query);
    const after = readCursor(paymentPlace, cursor);
    const listed = await listPayments(pool, { ...filter, before: to }, { after, limit: limit + 1 });
    const { rows, next } = cutPage(listed, limit, ({ place }) => place);
    return { payments: rows.map(toPaymentAnswer), next };
  });

  app.get('/payments/:reference', { config: { scope: 'read' } }, async (request, reply) => {
    const waitMs = readWaitMs(request.query);
    const payment = await findNamedPayment(pool, request.params);
    if (waitMs === 0 || isFinal(payment)) return { payment: toPaymentAnswer(payment) };
    const look = async () => (await findPayment(pool, payment.key)) ?? refuseUnknown();
    const last = await longPoll(reply, (signal) =>
      waitForAnnouncement({ listener: progress, key: payment.key, waitMs, signal, look, isDone: isFinal }),
    );
    return { payment: toPaymentAnswer(last) };
  });

  app.get('/payments/:reference/timeline', { config: { scope: 'read' } }, async (request) => {
    const { cursor, limit } = readQuery(timelineQuery, request.query);
    const { key } = await findNamedPayment(pool, request.params);
    const [
      commands,
      attempts,
      deliveries,
      moves,
      redrives,
      conclusions,
      discrepancies,
      events,
      pushedUpTo,
      order,
    ] = await Promise.all([
      findCommandsOfPayment(pool, key),
      findAttemptsOfPayment(pool, key),
      findDeliveriesOfPayment(pool, key),
      findJournalOfPayment(pool, key),
      findRedrivesOfPayment(pool, key),
      findConclusionsOfPayment(pool, key),
      findDiscrepanciesOfPayment(pool, key),
      findEventsOfPayment(pool, key),
      findPushedUpTo(pool, key),
      findTimelineOrder(pool, key),
    ]);
    const timeline = toTimeline({
      commands,
      attempts,
      deliveries,
      moves,
      redrives,
      conclusions,
      discrepancies,
      events,
      pushedUpTo,
      order,
    });
    const rest = afterEntry(timeline, readCursor(timelinePlace, cursor)) ?? refuseCursor();
    const { rows, next } = cutPage(rest, limit, idOfEntry);
    return { entries: rows, next };
  });
}

function isFinal(payment: PaymentRow): boolean {
  return payment.final;
}

function refuseUnknown(): never {
  throw new RefusedError(unknownPayment);
}
