import type { Intent } from '@capstan/local-stack/chaos/intents';
import { findUntold } from '@capstan/local-stack/chaos/untold';
import type { Pool } from '@capstan/shared/db/pool';
import { isFinalStatus } from '@capstan/shared/domain/payment-status';
import {
  impossibleEnds,
  lateWrites,
  notEnded,
  overtaken,
  untrueEnds,
  withoutNext,
  wrongCancels,
} from './command-invariants.ts';
import {
  callsWithoutAttempt,
  contradictingCaptures,
  excessiveRefunds,
  repeatedEffects,
  wrongCaptures,
} from './effect-invariants.ts';
import { readFacts } from './facts.ts';
import {
  differingMirrors,
  falseAlarms,
  gaps,
  movesBack,
  movesOfOtherAmounts,
  unsignedMoves,
} from './record-invariants.ts';
import { refundsWithoutChild } from './refund-invariants.ts';
import type { SimulatedProvider } from './simulated-provider.ts';

/** What must hold at the end of every run, whatever happened in it. */
export const INVARIANTS = [
  'every accepted command ended or is parked with a reason',
  'at most one effect per command',
  'at most one captured payment per intent',
  'no step is sent while one like it is held by a review, or let through by it',
  'no payment is captured that contradicts its command',
  'a command ends in a way that was possible for it',
  'a command says what really happened',
  'a cancel that was told is kept, and none that was not asked for takes place',
  'refunds never exceed the payment',
  'no refund succeeds without a child of its amount made for it, and no child counts for two',
  'commands of one payment run one at a time in the order accepted',
  'no first byte of a write leaves after its notAfter instant',
  'everything open has a next instant or a person who was told',
  'the mirror shows what the provider holds',
  'journal versions have no gap',
  'a final state is never left',
  'the mirror never goes back',
  'what a signature does not cover moves nothing, and one signed message is one delivery',
  'no delivery of another amount than was asked for moves a mirror',
  'every alarm stands for something that is so',
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
  /** Ends that any command may meet because of what others did in this run. */
  besides: readonly string[];
  /** Work that failed unexpectedly. */
  failures: readonly string[];
  /** Keys of the commands whose cancel was asked for. */
  cancelsAsked: ReadonlySet<string>;
  /** Keys of those that were told to be canceled. */
  cancelsTold: ReadonlySet<string>;
  /** What the provider signed: whole messages, and what each says of a payment, as `id status`. */
  signed: { messages: ReadonlySet<string>; facts: ReadonlySet<string> };
  /** Instants by which the database's clock was set back or forth. */
  clockStepsMs: readonly number[];
}

/** Holds the tables against the provider's own ledger. */
export async function findBreaches(
  pool: Pool,
  provider: SimulatedProvider,
  course: Course,
): Promise<Breach[]> {
  const { intents, failures } = course;
  const facts = await readFacts(pool);
  const leftFinal = facts.moves
    .filter(({ fromStatus }) => isFinalStatus(fromStatus))
    .map(({ paymentKey, fromStatus }) => `payment ${paymentKey} left ${fromStatus}`);
  const found: Record<Invariant, readonly string[]> = {
    'every accepted command ended or is parked with a reason': notEnded(facts),
    'at most one effect per command': repeatedEffects(facts, provider),
    'at most one captured payment per intent': wrongCaptures(provider, intents),
    'no step is sent while one like it is held by a review, or let through by it':
      provider.sentThoughHeld.map((id) => `a step of ${id} was sent`),
    'no payment is captured that contradicts its command': contradictingCaptures(facts, provider),
    'a command ends in a way that was possible for it': impossibleEnds(facts, course),
    'a command says what really happened': untrueEnds(facts, provider),
    'a cancel that was told is kept, and none that was not asked for takes place': wrongCancels(
      facts,
      course,
    ),
    'refunds never exceed the payment': excessiveRefunds(provider),
    'no refund succeeds without a child of its amount made for it, and no child counts for two':
      refundsWithoutChild(facts, provider),
    'commands of one payment run one at a time in the order accepted': overtaken(facts, course),
    'no first byte of a write leaves after its notAfter instant': lateWrites(facts, provider, course),
    'everything open has a next instant or a person who was told': withoutNext(facts),
    'the mirror shows what the provider holds': differingMirrors(facts, provider),
    'journal versions have no gap': gaps(facts),
    'a final state is never left': leftFinal,
    'the mirror never goes back': movesBack(facts),
    'what a signature does not cover moves nothing, and one signed message is one delivery': unsignedMoves(
      facts,
      course,
    ),
    'no delivery of another amount than was asked for moves a mirror': movesOfOtherAmounts(facts),
    'every alarm stands for something that is so': falseAlarms(facts, provider),
    'events tell every move and every end, numbered without a gap': findUntold(
      facts.moves,
      facts.commands,
      facts.events,
    ),
    'each call that reached the provider has an attempt row begun before it': callsWithoutAttempt(
      facts,
      provider,
      course,
    ),
    'no work fails unexpectedly': failures,
  };
  return INVARIANTS.flatMap((invariant) => found[invariant].map((detail) => ({ invariant, detail })));
}
