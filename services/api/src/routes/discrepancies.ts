import { type DiscrepancyPlace, listDiscrepancies } from '@capstan/shared/db/discrepancies';
import { conomyId } from '@capstan/shared/domain/conomy-id';
import {
  DISCREPANCIES,
  DISCREPANCY_STATUSES,
  type DiscrepancyKind,
  type DiscrepancyStatus,
} from '@capstan/shared/domain/discrepancies';
import { parseContent } from '@capstan/shared/domain/problem';
import type { ReadContext } from '@capstan/shared/mirror/read-payment';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { toDiscrepancyAnswer } from '../answers/discrepancy-answer.ts';
import { findReferredPayment } from '../find-named-payment.ts';
import { cutPage, pageQuery, placeInstant, readCursor } from '../page.ts';
import { invalidContent, RefusedError, unknownDiscrepancy } from '../problem.ts';
import { readQuery } from '../read-query.ts';
import { resolveDiscrepancy } from '../resolve-discrepancy.ts';
import { reason } from './post-command-actions.ts';

const BODY_BYTES_MAX = 256 * 1024;
const STATUSES = Object.keys(DISCREPANCY_STATUSES) as [DiscrepancyStatus, ...DiscrepancyStatus[]];
const KINDS = Object.keys(DISCREPANCIES) as [DiscrepancyKind, ...DiscrepancyKind[]];

export const discrepancyListQuery = z.strictObject({
  status: z.enum(STATUSES, `must be one of ${STATUSES.join(', ')}`).optional(),
  kind: z.enum(KINDS, `must be one of ${KINDS.join(', ')}`).optional(),
  payment: conomyId.optional().describe('Our key of the payment, or its Conomy id.'),
  ...pageQuery(),
});
const place: z.ZodType<DiscrepancyPlace> = z.strictObject({
  openedAt: placeInstant,
  id: z.guid(),
});

const actionMessage = 'must be accept, explain or repair';
export const resolveBody = z.strictObject({
  action: z
    .enum(['accept', 'explain', 'repair'], actionMessage)
    .describe('`repair` reads at Conomy and brings the mirror to agreement; the others change no payment.'),
  reason,
});
const params = z.object({ id: z.guid() });

/** Where mirror and Conomy disagree, and how a person ends it. */
export function addDiscrepancyRoutes(app: FastifyInstance, context: ReadContext): void {
  app.get('/discrepancies', { config: { scope: 'read' } }, async (request) => {
    const { cursor, limit, payment, ...filter } = readQuery(discrepancyListQuery, request.query);
    const paymentKey =
      payment === undefined ? undefined : (await findReferredPayment(context.pool, payment)).key;
    const listed = await listDiscrepancies(
      context.pool,
      { ...filter, paymentKey },
      { after: readCursor(place, cursor), limit: limit + 1 },
    );
    const { rows, next } = cutPage(listed, limit, (row) => row.place);
    return { discrepancies: rows.map(toDiscrepancyAnswer), next };
  });

  app.post(
    '/discrepancies/:id/resolve',
    { bodyLimit: BODY_BYTES_MAX, config: { scope: 'operate' } },
    async (request) => {
      const id = params.safeParse(request.params).data?.id;
      if (id === undefined) throw new RefusedError(unknownDiscrepancy);
      const parsed = parseContent(resolveBody, request.body);
      if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
      const resolution = { id, by: request.apiKeyName, ...parsed.value };
      return { discrepancy: toDiscrepancyAnswer(await resolveDiscrepancy(context, resolution)) };
    },
  );
}
