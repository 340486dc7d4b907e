import type { Intent } from '@capstan/local-stack/chaos/intents';
import { isDocument } from '@capstan/shared/domain/payment-command';
import type { Facts } from './facts.ts';
import type { Course } from './invariants.ts';
import type { SimulatedProvider } from './simulated-provider.ts';

/** Of what our own calls did: what others do to the account is none of a command's effects. */
export function repeatedEffects(facts: Facts, { sandbox, origins }: SimulatedProvider): string[] {
  const askedOf = ({ id }: { id: string }) => origins.askedOf(id);
  const ours = sandbox.store.inOrder().filter(({ id }) => origins.isOurs(id));
  const created = countBy(
    ours.filter(({ type }) => type !== 'REFUND'),
    (payment) => `create of ${askedOf(payment)?.externalId}`,
  );
  const attempted = countBy(
    sandbox.attempts.inOrder().filter(({ id }) => origins.isOurs(id)),
    (attempt) => `attempt of ${askedOf(attempt)?.externalId}`,
  );
  const refunded = countBy(
    ours.filter(({ type }) => type === 'REFUND'),
    (child) => `refund of ${askedOf(child)?.totalAmount} of ${child.parentPaymentId}`,
  );
  const moved = sandbox.store
    .inOrder()
    .flatMap(({ id, effects }) =>
      (['authorize', 'capture'] as const).map((name) => [`${name} of ${id}`, effects[name]] as const),
    );
  const repeated = [...created, ...attempted, ...refunded, ...moved]
    .filter(([, count]) => count > 1)
    .map(([what, count]) => `${what} took effect ${count} times`);
  const documents = documentsOf(facts, sandbox)
    .filter(({ sentMax, made }) => made > sentMax)
    .map(
      ({ id, sentMax, made }) =>
        `${made} documents of ${id} were handed in, ${sentMax} at most were asked for`,
    );
  return [...repeated, ...documents];
}

/** Documents have no name at the provider: all that can be told is how many a payment has. */
export function documentsOf({ commands, payments }: Facts, { store }: SimulatedProvider['sandbox']) {
  const keys = new Map(payments.map(({ key, conomyId }) => [conomyId, key]));
  return store.inOrder().map(({ id, documents = 0 }) => {
    const about = commands.filter(({ type, paymentKey }) => isDocument(type) && paymentKey === keys.get(id));
    const sent = about.filter(
      ({ firstAttemptMs, status }) =>
        firstAttemptMs !== null && status !== 'rejected' && status !== 'canceled',
    );
    // Who redrives a document knows that it may be handed in a second time.
    const sentMax = sent.reduce((sum, { redrives }) => sum + 1 + redrives, 0);
    const done = about.filter(({ status }) => status === 'succeeded');
    return { id, made: documents, sentMax, done: done.length };
  });
}

export function wrongCaptures({ sandbox, origins }: SimulatedProvider, intents: readonly Intent[]): string[] {
  const captured = sandbox.store
    .inOrder()
    .filter(({ id, type, effects }) => origins.isOurs(id) && type !== 'REFUND' && effects.capture > 0);
  const counts = countBy(captured, ({ id }) => origins.askedOf(id)?.externalId ?? '');
  return intents.flatMap(({ externalId, mayCapture }) => {
    const count = counts.get(externalId) ?? 0;
    return count > (mayCapture ? 1 : 0) ? [`${count} payments of ${externalId} are captured`] : [];
  });
}

/** Of our own captures that took effect: the payment is the one that its command asked for, in all that names it. */
export function contradictingCaptures(
  { payments }: Facts,
  { arrived, sandbox, origins }: SimulatedProvider,
): string[] {
  const captured = new Set(
    arrived.filter(({ operation }) => operation === 'capture').map(({ about }) => about),
  );
  return [...captured].flatMap((id) => {
    const payment = sandbox.store.find(id);
    if (payment === undefined || payment.effects.capture === 0) return [];
    const { externalId } = payments.find(({ conomyId }) => conomyId === id) ?? {};
    const asked = origins.askedOf(id);
    if (asked === undefined || asked.externalId !== externalId)
      return [`${id} is captured for ${externalId} and was made for ${asked?.externalId ?? 'others'}`];
    return origins
      .contradictions(payment)
      .map((name) => `${id} is captured with the ${name} ${payment[name]} instead of ${asked[name]}`);
  });
}

export function excessiveRefunds({ sandbox }: SimulatedProvider): string[] {
  return sandbox.store.inOrder().flatMap(({ id, totalMinor }) => {
    const given = sandbox.store
      .childrenOf(id)
      .filter(({ type, status }) => type === 'REFUND' && status !== 'FAILED')
      .reduce((sum, child) => sum + child.totalMinor, 0n);
    return given > totalMinor ? [`payment ${id} gave back more than it has`] : [];
  });
}

/** Where the database's clock was set, its instants say nothing of what came first. */
export function callsWithoutAttempt(
  { attempts, payments }: Facts,
  { arrived, origins }: SimulatedProvider,
  { clockStepsMs }: Course,
): string[] {
  const keyOf = (about: string) =>
    payments.find(({ conomyId, externalId }) => conomyId === about || externalId === about)?.key ??
    payments.find(({ externalId }) => externalId === origins.askedOf(about)?.externalId)?.key;
  return arrived.flatMap(({ operation, about, databaseMs }, index) => {
    const before = arrived
      .slice(0, index + 1)
      .filter((call) => call.operation === operation && call.about === about);
    const begun = attempts.filter(
      (attempt) =>
        attempt.operation === operation &&
        attempt.paymentKey === keyOf(about) &&
        (clockStepsMs.length > 0 || attempt.startedMs <= databaseMs),
    );
    return begun.length >= before.length ? [] : [`${operation} of ${about} was sent without an attempt row`];
  });
}

function countBy<T>(rows: readonly T[], nameOf: (row: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1);
  return counts;
}
