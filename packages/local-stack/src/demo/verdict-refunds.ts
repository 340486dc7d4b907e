import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import type { TrackedCommand } from './tracked-command.ts';
import type { Check, Evidence } from './verdict.ts';
import { sayAmount } from './wording.ts';
import type { PlannedCommand } from './workload.ts';

/** A refund is a payment of its own at Conomy, without an externalId. */
export function isRefund({ type }: Pick<LedgerPayment, 'type'>): boolean {
  return type === 'REFUND';
}

/** The refunds that were to be made. */
export function refundsAsked(commands: readonly TrackedCommand[]): PlannedCommand[] {
  return commands.map(({ planned }) => planned).filter(({ expected }) => expected.kind === 'refunded');
}

/** Each refund that was asked for is one SETTLED child of its payment with its amount, and there is no other. */
export function checkRefunds({ commands, ledger }: Evidence): Check {
  const asked = refundsAsked(commands);
  const nameById = new Map(ledger.payments.map(({ id, externalId }) => [id, externalId]));
  const parentOf = ({ parentPaymentId = '' }: LedgerPayment) => nameById.get(parentPaymentId) ?? '';
  const byParent = Map.groupBy(ledger.payments.filter(isRefund), parentOf);
  const wanted = new Set(asked.map(({ externalId }) => externalId));
  const faults = asked.flatMap((refund) => explainRefund(refund, byParent.get(refund.externalId) ?? []));
  for (const [parent, children] of byParent) {
    if (wanted.has(parent)) continue;
    faults.push(...children.map(({ id }) => `refund ${id} of ${parent || 'nothing'} should not exist`));
  }
  return {
    statement: 'refunds were made exactly once and are SETTLED at Conomy',
    count: asked.length,
    faults,
  };
}

function explainRefund(asked: PlannedCommand, children: readonly LedgerPayment[]): string[] {
  const { externalId, amount, currency } = asked;
  const [child] = children;
  if (!child || children.length > 1) return [`${externalId} was refunded ${children.length} times, not once`];
  const said = sayAmount(child.totalAmount, child.currency);
  return child.status === 'SETTLED' && said === sayAmount(amount, currency)
    ? []
    : [
        `the refund of ${externalId} is ${child.status} over ${said}, not SETTLED over ${sayAmount(amount, currency)}`,
      ];
}
