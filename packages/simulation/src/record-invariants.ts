import { findMovesBack } from '@capstan/local-stack/chaos/moves-back';
import type { Facts } from './facts.ts';
import type { Course } from './invariants.ts';
import type { SimulatedProvider } from './simulated-provider.ts';
import { OTHER_AMOUNT } from './simulated-webhooks.ts';

export function differingMirrors({ payments }: Facts, provider: SimulatedProvider): string[] {
  return payments.flatMap(({ key, conomyId, status }) => {
    if (conomyId === null) return [];
    const truth = provider.find(conomyId)?.status;
    return truth === status ? [] : [`payment ${key} is ${status} in the mirror and ${truth} at the provider`];
  });
}

export function gaps({ payments, moves }: Facts): string[] {
  return payments.flatMap(({ key, version }) => {
    const versions = moves.filter(({ paymentKey }) => paymentKey === key).map((move) => move.version);
    const whole = versions.length === version && versions.every((found, index) => found === index + 1);
    return whole ? [] : [`payment ${key} at version ${version} has the journal ${versions.join(', ')}`];
  });
}

export function movesBack({ payments, moves }: Facts): string[] {
  const byPayment = Map.groupBy(moves, ({ paymentKey }) => paymentKey);
  return payments.flatMap(({ key, kind }) => {
    const statuses = (byPayment.get(key) ?? []).map(({ toStatus }) => toStatus);
    return findMovesBack(kind, statuses).map((move) => `payment ${key} went ${move}`);
  });
}

/** A delivery by itself moves a mirror to what was signed, and what was signed once is one row. */
export function unsignedMoves({ payments, moves, deliveries }: Facts, { signed }: Course): string[] {
  const idOf = new Map(payments.map(({ key, conomyId }) => [key, conomyId]));
  const unsigned = moves
    .filter(({ cause }) => cause === 'delivery')
    .filter(({ paymentKey, toStatus }) => !signed.facts.has(`${idOf.get(paymentKey)} ${toStatus}`))
    .map(({ paymentKey, toStatus }) => `payment ${paymentKey} moved to ${toStatus}, which nobody signed`);
  return deliveries > signed.messages.size
    ? [...unsigned, `${signed.messages.size} signed messages are ${deliveries} deliveries`]
    : unsigned;
}

/** Until Conomy told an amount, it is the one that was asked for. */
export function movesOfOtherAmounts({ moves }: Facts): string[] {
  return moves
    .filter(({ delivery }) => delivery?.includes(`"${OTHER_AMOUNT}"`))
    .map(
      ({ paymentKey, toStatus }) =>
        `payment ${paymentKey} moved to ${toStatus} by a delivery of ${OTHER_AMOUNT}`,
    );
}

/** What each open alarm says, looked up in the ledger. */
export function falseAlarms({ alarms, payments }: Facts, provider: SimulatedProvider): string[] {
  const { sandbox, origins } = provider;
  const all = sandbox.store.inOrder();
  return alarms
    .filter(({ kind, paymentKey, conomyId, provider: told }) => {
      const mirror = payments.find(({ key }) => key === paymentKey);
      const truth = provider.find(conomyId ?? mirror?.conomyId ?? '');
      switch (kind) {
        case 'twin':
        case 'twin_moved':
          return all.filter(({ externalId }) => externalId === mirror?.externalId).length < 2;
        case 'missing_here':
          return truth === undefined || payments.some((payment) => payment.conomyId === conomyId);
        case 'missing_there':
        case 'orphan_delivery':
          return truth !== undefined;
        case 'final_contradicted':
        case 'went_back':
        case 'unknown_status':
        case 'disputed':
        case 'reversed':
          return truth?.status === mirror?.status && !provider.toldInError.has(`${truth?.id} ${told.status}`);
        case 'amount_differs':
          return (
            truth !== undefined && origins.isOurs(truth.id) && origins.contradictions(truth).length === 0
          );
        case 'over_refunded':
          return truth !== undefined && givenBack(provider, truth.id) <= truth.totalMinor;
        default:
          return false;
      }
    })
    .map(({ kind, conomyId, paymentKey, mirror, provider: told }) => {
      const sides = `${JSON.stringify(mirror)} here, ${JSON.stringify(told)} there`;
      return `${kind} is open about ${conomyId ?? paymentKey}: ${sides}`;
    });
}

function givenBack({ sandbox }: SimulatedProvider, id: string): bigint {
  return sandbox.store
    .childrenOf(id)
    .filter(({ type, status }) => type === 'REFUND' && status !== 'FAILED')
    .reduce((sum, { totalMinor }) => sum + totalMinor, 0n);
}
