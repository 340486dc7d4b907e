import type { Payment } from '@capstan/conomy-sandbox/payment';
import type { Facts } from './facts.ts';
import { type Begun, CALL_MS_MAX } from './simulated-exchange.ts';
import type { SimulatedProvider } from './simulated-provider.ts';

/**
 * Refunds that succeeded, held against the children that our own calls made with their amount. One made elsewhere with
 * the same amount counts for ours only in the one window in which nobody can tell them apart.
 */
export function refundsWithoutChild(
  { commands, payments }: Facts,
  { sandbox, origins, begun }: SimulatedProvider,
): string[] {
  const idOf = new Map(payments.map(({ key, conomyId }) => [key, conomyId]));
  const succeeded = commands.filter(
    ({ type, status }) => type === 'payment.refund' && status === 'succeeded',
  );
  const alike = Map.groupBy(
    succeeded,
    ({ paymentKey, refund }) => `${idOf.get(paymentKey)} ${Number(refund?.amount)}`,
  );
  return [...alike].flatMap(([what, { length: told }]) => {
    const [parentId = '', amount] = what.split(' ');
    const children = sandbox.store
      .childrenOf(parentId)
      .filter(({ totalAmount }) => Number(totalAmount) === Number(amount));
    const ours = children.filter(({ id }) => origins.isOurs(id));
    const others = children.filter(
      (child) => !origins.isOurs(child.id) && isInWindow(child, parentId, begun),
    );
    return told <= ours.length + others.length
      ? []
      : [`${told} refunds of ${amount} of ${parentId} succeeded, ${ours.length} were made for them`];
  });
}

/** Between the list that preceded one of our attempts and the end of its call. */
function isInWindow({ createdAtMs }: Payment, parentId: string, begun: readonly Begun[]): boolean {
  const about = begun.filter((call) => call.about === parentId);
  return about.some(({ name, providerMs }, index) => {
    if (name !== 'refund') return false;
    const list = about.slice(0, index).findLast((call) => call.name === 'list');
    return (list?.providerMs ?? 0) <= createdAtMs && createdAtMs <= providerMs + CALL_MS_MAX;
  });
}
