import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { type Money, readReceivedAmount } from '@capstan/shared/domain/money';
import type { PaymentView } from './api-answers.ts';
import type { Check, Evidence } from './verdict.ts';

/** Payments, refunds and attempts, each by its name: the mirror holds what the ledger holds, and no more. */
export function checkAgreement({ mirror, ledger }: Evidence): Check {
  const byName = mirrorByName(mirror);
  const recorded = [...ledger.payments, ...ledger.attempts];
  const inLedger = new Set(recorded.map(nameOf));
  const faults = recorded.flatMap((payment) => {
    const disagreement = explainDisagreement(payment, byName.get(nameOf(payment)));
    return disagreement === null ? [] : [`${nameOf(payment)}: ${disagreement}`];
  });
  for (const [name, { status }] of byName) {
    if (status && !inLedger.has(name)) faults.push(`${name}: ${status} in the mirror, missing in the ledger`);
  }
  const statement = "payments, refunds and attempts are the same in Capstan's mirror and Conomy's ledger";
  return { statement, count: recorded.length, faults };
}

/** The caller's own name, or Conomy's id of what has none: a refund. */
function nameOf({ externalId, id }: { externalId?: string | undefined; id?: string | null | undefined }) {
  return externalId || id || '';
}

/** A rejected create frees its externalId: a payment that Conomy knows counts before one it does not. */
export function mirrorByName(mirror: readonly PaymentView[]): Map<string, PaymentView> {
  const byName = new Map<string, PaymentView>();
  for (const payment of mirror) {
    const name = nameOf(payment);
    if (name !== '' && (payment.status || !byName.has(name))) byName.set(name, payment);
  }
  return byName;
}

function explainDisagreement(payment: LedgerPayment, mirror: PaymentView | undefined): string | null {
  if (!mirror) return `${payment.status} in the ledger, missing in the mirror`;
  if (mirror.status !== payment.status) {
    return `${payment.status} in the ledger, ${mirror.status ?? 'without status'} in the mirror`;
  }
  const inLedger = readReceivedAmount(payment.totalAmount, payment.currency);
  const inMirror = readReceivedAmount(mirror.totalAmount, mirror.currency);
  return inLedger.exact && inMirror.exact && isSame(inLedger.money, inMirror.money)
    ? null
    : `${payment.totalAmount} ${payment.currency} in the ledger, ${mirror.totalAmount} ${mirror.currency} in the mirror`;
}

function isSame(one: Money, other: Money): boolean {
  return one.currency === other.currency && one.minor === other.minor;
}
