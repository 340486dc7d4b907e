import { findImpossibleEnds } from '@capstan/local-stack/chaos/possible-ends';
import { isDocument } from '@capstan/shared/domain/payment-command';
import { documentsOf } from './effect-invariants.ts';
import type { Facts } from './facts.ts';
import type { Course } from './invariants.ts';
import type { SimulatedProvider } from './simulated-provider.ts';

export function notEnded({ commands }: Facts): string[] {
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

/**
 * Ends that any command may meet. Payments fail here now and then after they were captured, which nobody who sends a
 * capture can rule out; and where what the provider tells is doubtful, a person is asked.
 */
const ALWAYS_POSSIBLE = [
  'rejected:payment_not_open',
  'parked:amount_differs',
  'parked:outcome_unknown',
  'parked:payment_unclear',
  'parked:refunds_unreadable',
  'parked:scan_too_long',
  'parked:status_unclear',
];

export function impossibleEnds({ commands }: Facts, { intents, besides }: Course): string[] {
  const ended = commands.map(({ problem, ...command }) => ({ ...command, problem: problem?.code ?? null }));
  return findImpossibleEnds(intents, ended, [...ALWAYS_POSSIBLE, ...besides]);
}

export function untrueEnds(facts: Facts, provider: SimulatedProvider): string[] {
  const { sandbox, origins } = provider;
  const byKey = new Map(facts.payments.map((payment) => [payment.key, payment]));
  const isMade = (externalId: string | null, all: readonly { id: string }[]) =>
    all.some(({ id }) => origins.askedOf(id)?.externalId === externalId);
  const undone = documentsOf(facts, sandbox)
    .filter(({ done, made }) => made < done)
    .map(({ id, done, made }) => `${done} documents of ${id} succeeded, ${made} were handed in`);
  const untrue = facts.commands.flatMap(({ id, type, status, problem, paymentKey, refund, steps }) => {
    if (status !== 'succeeded' && status !== 'rejected' && status !== 'canceled') return [];
    const { conomyId = null, externalId = null } = byKey.get(paymentKey) ?? {};
    const told = `${type} ${id} is ${status}${problem === null ? '' : ` (${problem.code})`}`;
    if (isDocument(type)) return [];
    if (type === 'payment-attempt.create') {
      const made = isMade(externalId, sandbox.attempts.inOrder());
      return made === (status === 'succeeded')
        ? []
        : [`${told}, but the attempt was ${made ? '' : 'not '}made`];
    }
    const payment = conomyId === null ? undefined : sandbox.store.find(conomyId);
    if (type === 'payment.refund') {
      // Whether one that succeeded was made is an invariant of its own.
      if (status === 'succeeded') return [];
      const made =
        payment !== undefined &&
        sandbox.store
          .childrenOf(payment.id)
          .some((child) => Number(origins.askedOf(child.id)?.totalAmount) === Number(refund?.amount));
      return made ? [`${told}, but the refund was made`] : [];
    }
    if (status !== 'succeeded') {
      const made =
        type === 'payment.create' &&
        problem?.code !== 'payment_not_open' &&
        conomyId === null &&
        isMade(externalId, sandbox.store.inOrder());
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

export function wrongCancels({ commands }: Facts, { cancelsAsked, cancelsTold }: Course): string[] {
  return commands.flatMap(({ key, type, status, problem }) => {
    const isCanceled = status === 'canceled' && problem?.code === 'canceled_by_caller';
    if (cancelsTold.has(key) && !isCanceled)
      return [`${type} ${key} was told to be canceled and is ${status}`];
    return isCanceled && !cancelsAsked.has(key) ? [`${type} ${key} is canceled, which nobody asked for`] : [];
  });
}

/** By the database's instants, which tell nothing where its clock was set. */
export function overtaken({ commands }: Facts, { clockStepsMs }: Course): string[] {
  if (clockStepsMs.length > 0) return [];
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

/** A claim is good for so long: what it read of the clock may be as old when its call leaves. */
const SEND_WINDOW_MS = 2_000;
/** A step of the clock so shortly before a call may lie between the look at it and the call. */
const STEP_NEAR_MS = 20_000;

export function lateWrites(
  { commands, payments }: Facts,
  { arrived, origins }: SimulatedProvider,
  { clockStepsMs }: Course,
): string[] {
  return arrived.flatMap(({ operation, about, atMs, leftDatabaseMs }) => {
    const externalId = origins.askedOf(about)?.externalId;
    const payment = payments.find(
      (each) => each.conomyId === about || each.externalId === about || each.externalId === externalId,
    );
    const asking = commands.filter(
      ({ paymentKey, steps }) => paymentKey === payment?.key && steps.includes(operation),
    );
    const ends = asking.flatMap(({ notAfterMs }) => notAfterMs ?? []);
    if (ends.length === 0 || ends.length < asking.length) return [];
    if (clockStepsMs.some((stepMs) => stepMs <= atMs && atMs - stepMs < STEP_NEAR_MS)) return [];
    const lateMs = leftDatabaseMs - Math.max(...ends);
    return lateMs > SEND_WINDOW_MS ? [`${operation} of ${about} left ${lateMs} ms after its notAfter`] : [];
  });
}

/** At the end of a run: what is open is offered again some time, or somebody knows of it. */
export function withoutNext({ commands, forgotten }: Facts): string[] {
  const open = commands
    .filter(({ status, hasNext }) => ['accepted', 'executing', 'unresolved'].includes(status) && !hasNext)
    .map(({ id, type, status }) => `${type} ${id} is ${status} and will never be offered again`);
  const overdue = commands
    .filter(({ status, isLongPast }) => status === 'blocked' && isLongPast)
    .map(({ id, type }) => `${type} ${id} is blocked long after its notAfter instant`);
  return [...open, ...overdue, ...forgotten.map((what) => `${what} will never be looked at again`)];
}
