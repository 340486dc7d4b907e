import type { PaymentRow } from '@capstan/shared/db/payments';
import { readReceivedAmount } from '@capstan/shared/domain/money';
import { withDecimals } from '@capstan/shared/domain/plain-decimal';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';

/** What a list row says otherwise than the mirror, under Conomy's field names. */
export interface Difference {
  kind: 'status_differs' | 'field_differs';
  field: string;
  mirror: unknown;
  provider: unknown;
}

/** Compared as text; the amounts by value with their currency. */
const FIELDS = ['externalId', 'type', 'accountNumber', 'identityId', 'parentPaymentId'] as const;
const AMOUNTS = [
  ['totalAmount', 'currency'],
  ['purchaseAmount', 'purchaseCurrency'],
] as const;

/** Compares what both sides state; a field that one of them leaves out says nothing. */
export function comparePayment(mirror: PaymentRow, row: ObservedPayment): Difference[] {
  const mirrored = { ...mirror.snapshot, externalId: mirror.externalId ?? mirror.snapshot.externalId };
  const status: Difference[] =
    row.status === mirror.status
      ? []
      : [{ kind: 'status_differs', field: 'status', mirror: mirror.status, provider: row.status }];
  const fields = FIELDS.filter((field) => differ(read(mirrored, field), row[field]));
  const amounts = AMOUNTS.filter(
    ([amount, currency]) =>
      differ(read(mirrored, currency), row[currency]) ||
      amountsDiffer(read(mirrored, amount), row[amount], row[currency] ?? read(mirrored, currency)),
  ).map(([amount]) => amount);
  return [
    ...status,
    ...[...fields, ...amounts].map((field) => ({
      kind: 'field_differs' as const,
      field,
      mirror: withDecimals(read(mirrored, field) ?? null),
      provider: row[field] ?? null,
    })),
  ];
}

function read(fields: Record<string, unknown>, name: string): unknown {
  return fields[name] ?? undefined;
}

function differ(mirrored: unknown, told: unknown): boolean {
  return mirrored !== undefined && told !== undefined && String(mirrored) !== String(told);
}

function amountsDiffer(mirrored: unknown, told: unknown, currency: unknown): boolean {
  if (mirrored === undefined || told === undefined) return false;
  const [ours, theirs] = [readReceivedAmount(mirrored, currency), readReceivedAmount(told, currency)];
  return ours.exact && theirs.exact
    ? ours.money.minor !== theirs.money.minor
    : String(mirrored) !== String(told);
}
