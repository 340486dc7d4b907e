import { createRandom, type Random } from '@capstan/local-stack/demo/random';

/** What a workload must hold for a fault to have anything to act on. */
export type Need = 'create' | 'refund' | 'deadline';

interface Fault {
  /** In one sentence, for whoever reads the counters. */
  does: string;
  /** Where it happens: calls of the client, deliveries, or by itself. */
  where: string;
  /** How often in one run at most, so that every run comes to an end. */
  most: number;
  needs: Need;
  /** Not played beside these: together they are something that nobody could tell from a polite provider. */
  rivals?: readonly string[];
}

/**
 * What a real provider, and those who share an account with us, do beside losing calls. Each is something for which
 * there is a right answer: a client that waits, looks again, compares or asks a person keeps every invariant.
 */
export const FAULTS = {
  rows_inserted_above: {
    does: 'others create up to 200 payments on the account between two pages of a list',
    where: 'lists',
    most: 150,
    needs: 'create',
  },
  rows_move_pages: {
    does: 'a row of ours moves behind the page that is read, and back before the next one is',
    where: 'lists',
    most: 8,
    needs: 'create',
    // Only the total tells that a row was passed over.
    rivals: ['total_lags'],
  },
  total_lags: {
    does: 'the total of a list is less than its rows',
    where: 'lists',
    most: 80,
    needs: 'create',
    rivals: ['rows_move_pages'],
  },
  page_smaller: {
    does: 'pages hold 20 or 50 rows, however many were asked for',
    where: 'lists',
    most: 200,
    needs: 'create',
  },
  page_fails: {
    does: 'a page behind the first is answered with 429, or not in time',
    where: 'lists',
    most: 5,
    needs: 'create',
  },
  rows_listed_late: {
    does: 'a new payment is in no list for up to 40 s, although it can be read',
    where: 'lists',
    most: 40,
    needs: 'create',
  },
  rows_lack_fields: {
    does: 'rows of a list leave out externalId, account, type, amounts or the instant of creation',
    where: 'lists',
    most: 60,
    needs: 'create',
  },
  provider_day: {
    does: "the provider's days and instants are those of UTC-5, UTC-3 or UTC+14",
    where: 'lists',
    most: 400,
    needs: 'create',
  },
  made_otherwise: {
    does: 'a create makes a payment of another amount, currency, account or type, and tells so, or less, or nothing',
    where: 'create',
    most: 3,
    needs: 'create',
  },
  external_id_cut: {
    does: 'a create keeps only the beginning of the externalId',
    where: 'create',
    most: 3,
    needs: 'create',
  },
  answer_of_another: {
    does: "a create is answered with somebody else's payment",
    where: 'create',
    most: 2,
    needs: 'create',
  },
  answers_name_little: {
    does: 'a create is answered with id and status alone',
    where: 'create',
    most: 5,
    needs: 'create',
  },
  refused_though_done: {
    does: 'an authorize, capture or refund takes effect and is answered with 404, 409, 412 or 422 while reads lag',
    where: 'steps and refunds',
    most: 3,
    needs: 'create',
  },
  refused_while_unseen: {
    does: 'a step right after the create is answered with 404',
    where: 'steps',
    most: 3,
    needs: 'create',
  },
  odd_texts: {
    does: 'reads tell statuses of 4,000 letters, with NUL or half a surrogate pair',
    where: 'reads',
    most: 6,
    needs: 'create',
  },
  impossible_dates: {
    does: 'answers tell instants of days that do not exist',
    where: 'reads',
    most: 4,
    needs: 'create',
  },
  refunds_elsewhere: {
    does: 'others refund our payment, before, between and after our reads',
    where: 'by itself',
    most: 9,
    needs: 'refund',
  },
  refund_listed_late: {
    does: 'a refund that others made is listed only after one of ours of the same amount was lost',
    where: 'by itself',
    most: 9,
    needs: 'refund',
    rivals: ['children_without_parent'],
  },
  children_without_parent: {
    does: 'a refund that others made is told and read without its parent, and one of ours like it is lost',
    where: 'by itself',
    most: 9,
    needs: 'refund',
    rivals: ['refund_listed_late'],
  },
  child_rows_without_parent: {
    does: 'the filtered list of refunds leaves out the parent of its rows',
    where: 'lists of refunds',
    most: 2_000,
    needs: 'refund',
  },
  refund_of_other_amount: {
    does: 'a refund gives back another amount than was asked for',
    where: 'refund',
    most: 2,
    needs: 'refund',
  },
  refund_answered_with_older_child: {
    does: 'a refund that was not made is answered with an older one',
    where: 'refund',
    most: 1,
    needs: 'refund',
  },
  unsigned_members: {
    does: 'a signed message comes again with members that nobody signed',
    where: 'deliveries',
    most: 20,
    needs: 'create',
  },
  delivery_of_other_amount: {
    does: 'a signed delivery tells another amount than was asked for, before an answer or a read told any',
    where: 'deliveries',
    most: 10,
    needs: 'create',
  },
  other_white_space: {
    does: 'a signed message comes again with other white space',
    where: 'deliveries',
    most: 20,
    needs: 'create',
  },
  doubled_members: {
    does: 'a signed message comes with a member doubled',
    where: 'deliveries',
    most: 20,
    needs: 'create',
  },
  database_clock_steps: {
    does: "the database's clock is set an hour forth or back in mid-run, and right again",
    where: 'by itself',
    most: 2,
    needs: 'create',
  },
  provider_clock_away: {
    does: "the provider's clock is minutes away from ours",
    where: 'by itself',
    most: 1,
    needs: 'create',
  },
  held_by_review: {
    does: 'a review holds an authorize or capture for up to five minutes; it takes effect at once or later, or never',
    where: 'steps',
    most: 2,
    needs: 'create',
  },
  connection_refused: {
    does: 'the connection for a write is refused several times in a row',
    where: 'writes',
    most: 12,
    needs: 'deadline',
  },
} as const satisfies Record<string, Fault>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** How often each fault fired. */
export type FaultCounts = Map<FaultKind, number>;

/** The moods of one run: which faults it may meet, and when they strike. */
export interface Impoliteness {
  kinds: ReadonlySet<FaultKind>;
  counts: FaultCounts;
  /** Of its own, so that a fault that is left out changes no other course than its own. */
  random: Random;
  /** Whether one of them waits where a lost create is looked for. */
  searches: boolean;
  plays(kind: FaultKind): boolean;
  /** Whether it strikes here, with this probability; counted. */
  strikes(kind: FaultKind, percent: number): boolean;
  /** Counts one that struck for certain. */
  note(kind: FaultKind): void;
}

const KINDS_PER_RUN = { min: 2, max: 4 };
/** Drawn apart: what the other seeds play stays what docs/evidence says of them. */
const DRAWN_APART: FaultKind = 'held_by_review';
const DRAWN_APART_PERCENT = 15;

export interface MoodOptions {
  /** What the workload of the seed holds. */
  has: ReadonlySet<Need>;
  /** Left out, so that they hide nothing else. */
  without?: ReadonlySet<string>;
  /** Nothing but this one. */
  only?: FaultKind;
}

/** Draws by seed what one run plays: a few kinds, so that a broken run can be understood. */
export function drawImpoliteness(seed: number, { has, without, only }: MoodOptions): Impoliteness {
  const random = createRandom(seed * 104_729 + 13);
  const kinds = new Set<FaultKind>();
  const possible = FAULT_KINDS.filter((kind) => kind !== DRAWN_APART && has.has(FAULTS[kind].needs));
  for (let left = random.whole(KINDS_PER_RUN.min, KINDS_PER_RUN.max); left > 0; left -= 1) {
    const drawn = random.pick(possible);
    if (![...kinds].some((kind) => areRivals(kind, drawn))) kinds.add(drawn);
  }
  const isDrawn = createRandom(seed * 7_907 + 5).whole(0, 99) < DRAWN_APART_PERCENT;
  if (isDrawn && has.has(FAULTS[DRAWN_APART].needs)) kinds.add(DRAWN_APART);
  const played = only === undefined ? [...kinds].filter((kind) => !without?.has(kind)) : [only];
  return moodOf(new Set(played), random);
}

function moodOf(kinds: ReadonlySet<FaultKind>, random: Random): Impoliteness {
  const counts: FaultCounts = new Map();
  const note = (kind: FaultKind) => void counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return {
    kinds,
    counts,
    random,
    searches: [...kinds].some((kind) => FAULTS[kind].where === 'lists'),
    plays: (kind) => kinds.has(kind),
    strikes: (kind, percent) => {
      if (!kinds.has(kind) || (counts.get(kind) ?? 0) >= FAULTS[kind].most) return false;
      if (random.whole(0, 99) >= percent) return false;
      note(kind);
      return true;
    },
    note,
  };
}

function areRivals(one: FaultKind, other: FaultKind): boolean {
  const rivalsOf = (kind: FaultKind): readonly string[] => (FAULTS[kind] as Fault).rivals ?? [];
  return rivalsOf(one).includes(other) || rivalsOf(other).includes(one);
}
