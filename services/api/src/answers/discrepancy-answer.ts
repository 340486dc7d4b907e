import type { DiscrepancyRow } from '@capstan/shared/db/discrepancies';
import { withDecimals } from '@capstan/shared/domain/plain-decimal';

/** A discrepancy as operators see it, both sides with when each was read. */
export function toDiscrepancyAnswer(row: DiscrepancyRow) {
  const ended =
    row.endedAt === null ? {} : { endedAt: row.endedAt, endedBy: row.endedBy, reason: row.reason };
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    ...(row.paymentKey === null ? {} : { paymentKey: row.paymentKey }),
    ...(row.conomyId === null ? {} : { paymentId: row.conomyId }),
    ...(row.field === null ? {} : { field: row.field }),
    mirror: toSide(row.mirror),
    provider: toSide(row.provider),
    cause: row.cause,
    openedAt: row.openedAt,
    seenAt: row.seenAt,
    timesSeen: row.timesSeen,
    ageSeconds: Math.round(row.ageSeconds),
    ...ended,
  };
}

function toSide({ value, readAt }: DiscrepancyRow['mirror']) {
  return { value: withDecimals(value), readAt };
}
