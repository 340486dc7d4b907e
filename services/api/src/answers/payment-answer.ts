import type { PaymentRow } from '@capstan/shared/db/payments';
import { withDecimals } from '@capstan/shared/domain/plain-decimal';

/** A mirrored payment as callers see it: Conomy's own names and values, every amount a decimal string, and what the mirror adds. */
export type PaymentAnswer = Record<string, unknown> & {
  key: string;
  /** Conomy's id; null until known. */
  id: string | null;
  /** Null until the provider told it. */
  status: string | null;
  /** The key under which this Conomy payment is mirrored, where it is not this one. */
  duplicateOf?: string;
  mirror: { version: number; cause: string; updatedAt: Date; final: boolean };
};

export function toPaymentAnswer(payment: PaymentRow): PaymentAnswer {
  return {
    ...withDecimals(payment.snapshot),
    id: payment.conomyId,
    ...(payment.externalId === null ? {} : { externalId: payment.externalId }),
    status: payment.status,
    key: payment.key,
    ...(payment.duplicateOf === null ? {} : { duplicateOf: payment.duplicateOf }),
    mirror: {
      version: payment.version,
      cause: payment.cause,
      updatedAt: payment.updatedAt,
      final: payment.final,
    },
  };
}
