import type { Intent } from '@capstan/local-stack/chaos/intents';
import { findMovesBack } from '@capstan/local-stack/chaos/moves-back';
import { findImpossibleEnds } from '@capstan/local-stack/chaos/possible-ends';
import { findUntold } from '@capstan/local-stack/chaos/untold';
import type { Pool } from '@capstan/shared/db/pool';
import { isDocument } from '@capstan/shared/domain/payment-command';
import { isFinalStatus } from '@capstan/shared/domain/payment-status';
import { type Facts, readFacts } from './facts.ts';
import type { SimulatedProvider } from './simulated-provider.ts';

/** What must hold at the end of every run, whatever happened in it. */
export const INVARIANTS = [
  'every accepted command ended or is parked with a reason',
  'at most one effect per command',
  'at most one captured payment per intent',
  'a command ends in a way that was possible for it',
  'a command says what really happened',
  'a cancel that was told is kept, and none that was not asked for takes place',
  'refunds never exceed the payment',
  'commands of one payment run one at a time in the order accepted',
  'the mirror shows what the provider holds',
  'journal versions have no gap',
  'a final state is never left',
  'the mirror never goes back',
  'events tell every move and every end, numbered without a gap',
  'each call that reached the provider has an attempt row begun before it',
  'no work fails unexpectedly',
] as const;
export type Invariant = (typeof INVARIANTS)[number];

export interface Breach {
  invariant: Invariant;
  detail: string;
}

/** What is known of a run beside its tables and the provider's ledger. */
export interface Course {
  intents: readonly Intent[];
  /** Work that failed unexpectedly. */
  failures: readonly string[];
  /** Keys of the commands whose cancel was asked for. */
  cancelsAsked: ReadonlySet<string>;
  /** Keys of those that were told to be canceled. */
  cancelsTold: ReadonlySet<string>;
}

/** Holds the tables against the provider's own ledger. */
export async function findBreaches(
  pool: Pool,
  provider: SimulatedProvider,
  course: Course,
): Promise<Breach[]> {
  const { intents, failures } = course;
  const facts = await readFacts(pool);
  const said = (invariant: Invariant, details: readonly string[]): Breach[] =>
    details.map((detail) => ({ invariant, detail }));
  return [
    ...said('every accepted command ended or is parked with a reason', notEnded(facts)),
    ...said('at most one effect per command', repeatedEffects(facts, provider)),
    ...said('at most one captured payment per intent', wrongCaptures(provider, intents)),
    ...said('a command ends in a way that was possible for it', impossibleEnds(facts, intents)),
    ...said('a command says what really happened', untrueEnds(facts, provider)),
    ...said(
      'a cancel that was told is kept, and none that was not asked for takes place',
      wrongCancels(facts, course),
    ),
    ...said('refunds never exceed the payment', excessiveRefunds(provider)),
    ...said('commands of one payment run one at a time in the order accepted', overtaken(facts)),
    ...said('the mirror shows what the provider holds', differingMirrors(facts, provider)),
    ...said('journal versions have no gap', gaps(facts)),
    ...said(
      'a final state is never left',
      facts.moves
        .filter(({ fromStatus }) => isFinalStatus(fromStatus))
        .map(({ paymentKey, fromStatus }) => `payment ${paymentKey} left ${fromStatus}`),
    ),
    ...said('the mirror never goes back', movesBack(facts)),
    ...said(
      'events tell every move and every end, numbered without a gap',
      findUntold(facts.moves, facts.commands, facts.events),
    ),
    ...said(
      'each call that reached the provider has an attempt row begun before it',
      callsWithoutAttempt(facts, provider),
    ),
    ...said('no work fails unexpectedly', failures),
  ];
}

function notEnded({ commands }: Facts): string[] {
  const parked = new Set(
    commands.filter(({ status }) => status === 'parked').map(({ paymentKey }) => paymentKey),
  );
  return commands
    .filter(({ status, problem, paymentKey }) => {
      if (status === 'blocked') return !parked.has(paymentKey);
      if (status === 'parked') return problem === null;
      return !['succeeded', 'rejected', 'canceled'].includes(status);
    })
    .map(({ id, type, status }) => `${type} ${id} is ${status}`);
}

function repeatedEffects(facts: Facts, { sandbox }: SimulatedProvider): string[] {
  const all = sandbox.store.inOrder();
  const created = countBy(
    all.filter(({ externalId }) => externalId !== ''),
    ({ externalId }) => `create of ${externalId}`,
  );
  const attempted = countBy(sandbox.attempts.inOrder(), ({ externalId }) => `attempt of ${externalId}`);
  const refunded = countBy(
    all.filter(({ type }) => type === 'REFUND'),
    ({ parentPaymentId, totalAmount }) => `refund of ${totalAmount} of ${parentPaymentId}`,
  );
  const moved = all.flatMap(({ id, effects }) =>
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
function documentsOf({ commands, payments }: Facts, { store }: SimulatedProvider['sandbox']) {
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

function wrongCaptures({ sandbox }: SimulatedProvider, intents: readonly Intent[]): string[] {
  const captured = sandbox.store
    .inOrder()
    .filter(({ externalId, effects }) => externalId !== '' && effects.capture > 0);
  const counts = countBy(captured, ({ externalId }) => externalId);
  return intents.flatMap(({ externalId, mayCapture }) => {
    const count = counts.get(externalId) ?? 0;
    return count > (mayCapture ? 1 : 0) ? [`${count} payments of ${externalId} are captured`] : [];
  });
}

/** Payments fail here now and then after they were captured, which nobody who sends a capture can rule out. */
const ALWAYS_POSSIBLE = 'rejected:payment_not_open';

function impossibleEnds({ commands }: Facts, intents: readonly Intent[]): string[] {
  const ended = commands.map(({ problem, ...command }) => ({ ...command, problem: problem?.code ?? null }));
  return findImpossibleEnds(intents, ended, [ALWAYS_POSSIBLE]);
}

function untrueEnds(facts: Facts, { sandbox }: SimulatedProvider): string[] {
  const byKey = new Map(facts.payments.map((payment) => [payment.key, payment]));
  const undone = documentsOf(facts, sandbox)
    .filter(({ done, made }) => made < done)
    .map(({ id, done, made }) => `${done} documents of ${id} succeeded, ${made} were handed in`);
  const untrue = facts.commands.flatMap(({ id, type, status, problem, paymentKey, refund, steps }) => {
    if (status !== 'succeeded' && status !== 'rejected' && status !== 'canceled') return [];
    const { conomyId = null, externalId = null } = byKey.get(paymentKey) ?? {};
    const told = `${type} ${id} is ${status}${problem === null ? '' : ` (${problem.code})`}`;
    if (isDocument(type)) return [];
    if (type === 'payment-attempt.create') {
      const made = sandbox.attempts.inOrder().some((attempt) => attempt.externalId === externalId);
      return made === (status === 'succeeded')
        ? []
        : [`${told}, but the attempt was ${made ? '' : 'not '}made`];
    }
    const payment = conomyId === null ? undefined : sandbox.store.find(conomyId);
    if (type === 'payment.refund') {
      const made =
        payment !== undefined &&
        sandbox.store
          .childrenOf(payment.id)
          .some(({ totalAmount }) => Number(totalAmount) === Number(refund?.amount));
      return made === (status === 'succeeded')
        ? []
        : [`${told}, but the refund was ${made ? '' : 'not '}made`];
    }
    if (status !== 'succeeded') {
      const made =
        type === 'payment.create' &&
        problem?.code !== 'payment_not_open' &&
        conomyId === null &&
        sandbox.store.inOrder().some((other) => other.externalId === externalId);
      if (made) return [`${told}, but the payment exists`];
      const isTaken = steps.includes('capture') && problem?.code !== 'payment_not_open';
      return isTaken && (payment?.effects.capture ?? 0) > 0 ? [`${told}, but it was captured`] : [];
    }
    if (payment === undefined) return [`${told}, but the payment does not exist`];
    const captured = payment.effects.capture > 0;
    return steps.includes('capture') && !captured ? [`${told}, but nothing was captured`] : [];
  });
  return [...undone, ...untrue];
}

function wrongCancels({ commands }: Facts, { cancelsAsked, cancelsTold }: Course): string[] {
  return commands.flatMap(({ key, type, status, problem }) => {
    const isCanceled = status === 'canceled' && problem?.code === 'canceled_by_caller';
    if (cancelsTold.has(key) && !isCanceled)
      return [`${type} ${key} was told to be canceled and is ${status}`];
    return isCanceled && !cancelsAsked.has(key) ? [`${type} ${key} is canceled, which nobody asked for`] : [];
  });
}

function excessiveRefunds({ sandbox }: SimulatedProvider): string[] {
  return sandbox.store.inOrder().flatMap(({ id, totalMinor }) => {
    const given = sandbox.store
      .childrenOf(id)
      .filter(({ type, status }) => type === 'REFUND' && status !== 'FAILED')
      .reduce((sum, child) => sum + child.totalMinor, 0n);
    return given > totalMinor ? [`payment ${id} gave back more than it has`] : [];
  });
}

function overtaken({ commands }: Facts): string[] {
  return commands.flatMap((later, index) => {
    const began = later.firstAttemptMs;
    if (began === null) return [];
    return commands
      .slice(0, index)
      .filter((earlier) => earlier.paymentKey === later.paymentKey)
      .filter((earlier) => isDocument(earlier.type) === isDocument(later.type))
      .filter((earlier) => earlier.finishedMs === null || earlier.finishedMs > began)
      .map((earlier) => `${later.type} ${later.id} began before ${earlier.type} ${earlier.id} had ended`);
  });
}

function differingMirrors({ payments }: Facts, provider: SimulatedProvider): string[] {
  return payments.flatMap(({ key, conomyId, status }) => {
    if (conomyId === null) return [];
    const truth = provider.find(conomyId)?.status;
    return truth === status ? [] : [`payment ${key} is ${status} in the mirror and ${truth} at the provider`];
  });
}

function gaps({ payments, moves }: Facts): string[] {
  return payments.flatMap(({ key, version }) => {
    const versions = moves.filter(({ paymentKey }) => paymentKey === key).map((move) => move.version);
    const whole = versions.length === version && versions.every((found, index) => found === index + 1);
    return whole ? [] : [`payment ${key} at version ${version} has the journal ${versions.join(', ')}`];
  });
}

function movesBack({ payments, moves }: Facts): string[] {
  const byPayment = Map.groupBy(moves, ({ paymentKey }) => paymentKey);
  return payments.flatMap(({ key, kind }) => {
    const statuses = (byPayment.get(key) ?? []).map(({ toStatus }) => toStatus);
    return findMovesBack(kind, statuses).map((move) => `payment ${key} went ${move}`);
  });
}

function callsWithoutAttempt(
  { attempts, payments }: Facts,
  { arrived, sandbox }: SimulatedProvider,
): string[] {
  const keyOf = (about: string) =>
    payments.find(({ conomyId, externalId }) => conomyId === about || externalId === about)?.key ??
    payments.find(({ externalId }) => externalId === sandbox.store.find(about)?.externalId)?.key;
  return arrived.flatMap(({ operation, about, atMs }, index) => {
    const before = arrived
      .slice(0, index + 1)
      .filter((call) => call.operation === operation && call.about === about);
    const begun = attempts.filter(
      (attempt) =>
        attempt.operation === operation && attempt.paymentKey === keyOf(about) && attempt.startedMs <= atMs,
    );
    return begun.length >= before.length ? [] : [`${operation} of ${about} was sent without an attempt row`];
  });
}

function countBy<T>(rows: readonly T[], nameOf: (row: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1);
  return counts;
}
