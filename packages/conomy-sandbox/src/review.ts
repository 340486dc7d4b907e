import { readReceivedAmount } from '@capstan/shared/domain/money';
import type { Payment, PaymentStatus } from './payment.ts';
import type { ReviewRules } from './settings.ts';

/** Whether the capture of `payment` is held: its amount reaches the threshold and no document was approved. */
export function needsReview(payment: Payment, { thresholds }: ReviewRules): boolean {
  const threshold = thresholds[payment.currency];
  if (threshold === undefined || payment.documentationStatus === 'APPROVED') return false;
  const read = readReceivedAmount(threshold, payment.currency);
  return read.exact && payment.totalMinor >= read.money.minor;
}

/** Where an approved payment goes on. A capture that already took the money is never undone by a review. */
export function resumedStatus({ gatedFrom }: Payment, { resumesAt }: ReviewRules): PaymentStatus {
  if (gatedFrom === undefined || gatedFrom === 'CAPTURED' || resumesAt === 'CAPTURED') return 'CAPTURED';
  return resumesAt === 'GATED' ? gatedFrom : 'AUTHORIZED';
}
