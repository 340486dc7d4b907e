import { COP_PAYER, SECOND_COP_COLLECTOR, SECOND_COP_PAYER } from '@capstan/conomy-sandbox/default-accounts';
import { formatAmount } from '@capstan/shared/domain/money';
import {
  documentedCollectBody,
  type PricedBody,
  purchaseBody,
  sampleBody,
  transferBody,
} from '../demo/payment-bodies.ts';
import { createRandom, type Random } from '../demo/random.ts';

/** How a command may end: its status, and after a colon the code of its problem. */
export type PossibleEnd = string;

/** One command of the workload. */
export interface IntendedCommand {
  key: string;
  command: Record<string, unknown>;
  ends: readonly PossibleEnd[];
  /** It is sent once its payment is this far; before that it would rightly be refused. */
  after: 'nothing' | 'accepted' | 'settled';
  /** Also sent at the same moment to another api with the same key. */
  doubled: boolean;
  /** It succeeds only where no other command of its type and intent did. */
  fitsOnlyAlone?: boolean;
  /** Milliseconds from its sending to its notAfter instant. */
  notAfterMs?: number;
  /** Its caller cancels it this many milliseconds after its acceptance; it may be too late for that. */
  cancelAfterMs?: number;
}

/** What somebody wants of one payment: commands in order. */
export interface Intent {
  externalId: string;
  what: string;
  atMs: number;
  /** Whether the money may be taken at all. */
  mayCapture: boolean;
  commands: IntendedCommand[];
}

/** Ends that a scripted refusal or a lost answer may force on any command of this operation. */
const CREATE_FORCED = [
  'rejected:provider_rejected',
  'parked:conflict_without_payment',
  'parked:several_payments_found',
  'parked:attempts_exhausted',
  'parked:payment_unclear',
];
const STEP_FORCED = [
  'rejected:provider_rejected',
  'parked:attempts_exhausted',
  'parked:payment_in_unexpected_status',
  'parked:status_unclear',
];
const REFUND_FORCED = [
  'rejected:provider_rejected',
  'parked:refund_unresolved',
  'parked:several_payments_found',
  'parked:attempts_exhausted',
  'rejected:payment_not_settled',
];
const DOCUMENT_FORCED = [
  'rejected:provider_rejected',
  'parked:document_unresolved',
  'parked:attempts_exhausted',
];
const FOLLOWS_CREATE = ['rejected:predecessor_failed', 'blocked'];

const PLAN_ENDS = ['succeeded', ...CREATE_FORCED, ...STEP_FORCED];

interface Drawn {
  what: string;
  mayCapture: boolean;
  commands: Omit<IntendedCommand, 'key'>[];
}

type Draw = (body: PricedBody, random: Random) => Drawn;

const command = (
  body: Record<string, unknown>,
  ends: readonly PossibleEnd[],
  over: Partial<IntendedCommand> = {},
): Omit<IntendedCommand, 'key'> => ({ command: body, ends, after: 'nothing', doubled: false, ...over });

const create = (body: PricedBody, then?: readonly string[], over: Partial<IntendedCommand> = {}) =>
  command({ type: 'payment.create', payment: body, ...(then ? { then } : {}) }, PLAN_ENDS, over);

const about = (type: string, { externalId }: PricedBody, over: Partial<IntendedCommand> = {}) =>
  command({ type, payment: { externalId } }, ['succeeded', ...STEP_FORCED, ...FOLLOWS_CREATE], {
    after: 'accepted',
    ...over,
  });

const document = ({ externalId }: PricedBody, nth: number) =>
  command(
    {
      type: 'payment.submit-document',
      payment: { externalId },
      document: { type: 'invoice', url: `https://documents.example/${externalId}/${nth}.pdf` },
    },
    ['succeeded', ...DOCUMENT_FORCED, ...FOLLOWS_CREATE],
    { after: 'accepted' },
  );

const refund = ({ externalId, purchaseCurrency: currency }: PricedBody, amount: string, ends: string[]) =>
  command({ type: 'payment.refund', payment: { externalId }, amount, currency }, ends, { after: 'settled' });

const cop = (minor: number) => formatAmount({ minor: BigInt(minor), currency: 'COP' });

const KINDS: readonly Draw[] = [
  (body) => ({ what: 'create and capture', mayCapture: true, commands: [create(body, ['capture'])] }),
  (body) => ({
    what: 'create and capture, sent twice at once',
    mayCapture: true,
    commands: [create(body, ['capture'], { doubled: true })],
  }),
  (body) => ({
    what: 'create, authorize and capture',
    mayCapture: true,
    commands: [create(body, ['authorize', 'capture'])],
  }),
  (body) => ({
    what: 'create, then capture apart',
    mayCapture: true,
    commands: [create(body), about('payment.capture', body)],
  }),
  (body) => ({
    what: 'create, authorize and capture apart',
    mayCapture: true,
    commands: [create(body), about('payment.authorize', body), about('payment.capture', body)],
  }),
  (body) => ({
    what: 'create and capture, beside it two documents',
    mayCapture: true,
    commands: [create(body, ['capture']), document(body, 1), document(body, 2)],
  }),
  (body) => ({ what: 'create alone', mayCapture: false, commands: [create(body)] }),
  (body) => ({
    what: 'attempt',
    mayCapture: false,
    commands: [command({ type: 'payment-attempt.create', payment: body }, ['succeeded', ...CREATE_FORCED])],
  }),
  (body, random) => ({
    what: 'create and capture with a deadline',
    mayCapture: true,
    commands: [
      create(body, ['capture'], {
        ends: [...PLAN_ENDS, 'canceled:deadline_passed'],
        notAfterMs: random.whole(1_500, 6_000),
      }),
    ],
  }),
  (body, random) => ({
    what: 'create, then capture apart with a deadline',
    mayCapture: true,
    commands: [
      create(body),
      about('payment.capture', body, {
        ends: ['succeeded', ...STEP_FORCED, ...FOLLOWS_CREATE, 'canceled:deadline_passed'],
        notAfterMs: random.whole(1_500, 60_000),
      }),
    ],
  }),
];

const REFUNDED: Draw = (body, random) => {
  const ends = ['succeeded', ...REFUND_FORCED, 'blocked'];
  const part = cop(random.whole(100, 50_000));
  return {
    what: 'create and capture, then two refunds and one too many',
    mayCapture: true,
    commands: [
      create(body, ['capture']),
      refund(body, part, ends),
      { ...refund(body, cop(random.whole(100, 50_000)), ends), doubled: random.whole(0, 1) === 1 },
      {
        ...refund(body, body.purchaseAmount, [...ends, 'rejected:refund_exceeds_refundable']),
        fitsOnlyAlone: true,
      },
    ],
  };
};

/** One in so many intents has a command that its caller cancels. */
const INTENTS_PER_CANCEL = 6;
const CANCEL_AFTER_MS = [0, 200, 700, 2_000, 8_000];

/** Now and then the caller thinks better of it and cancels a command; what waits for a create that is canceled ends with it. */
function withCancel(commands: readonly IntendedCommand[], random: Random): IntendedCommand[] {
  if (random.whole(1, INTENTS_PER_CANCEL) > 1) return [...commands];
  const canceled = random.whole(0, commands.length - 1);
  const cancelAfterMs = random.pick(CANCEL_AFTER_MS);
  return commands.map((each, nth) => {
    if (nth === canceled)
      return { ...each, ends: [...each.ends, 'canceled:canceled_by_caller'], cancelAfterMs };
    return canceled === 0 ? { ...each, ends: [...each.ends, ...FOLLOWS_CREATE] } : each;
  });
}

/** The workload of a run: the same for the same numbers. */
export function drawIntents({
  seed,
  commands,
  seconds,
}: {
  seed: number;
  commands: number;
  seconds: number;
}) {
  const random = createRandom(seed);
  const cancels = createRandom(seed ^ 0x5ec);
  const intents: Intent[] = [];
  for (let count = 0; count < commands; ) {
    const externalId = `chaos-${seed}-${intents.length + 1}`;
    const refunds = random.whole(1, 6) === 1;
    const drawn = refunds
      ? REFUNDED(transfer(externalId, random), random)
      : random.pick(KINDS)(drawBody(externalId, random), random);
    const atMs = random.whole(0, Math.floor(seconds * 900));
    const numbered = drawn.commands.map((each, nth) => ({ ...each, key: `${externalId}-${nth + 1}` }));
    intents.push({ ...drawn, externalId, atMs, commands: withCancel(numbered, cancels) });
    count += numbered.length;
  }
  return intents.sort((a, b) => a.atMs - b.atMs);
}

function drawBody(externalId: string, random: Random): PricedBody {
  switch (random.whole(1, 5)) {
    case 1:
      return documentedCollectBody(externalId);
    case 2:
      return purchaseBody(externalId, String(random.whole(1_000, 500_000)));
    case 3:
      return sampleBody('TOPUP_ACCOUNT from PIX', externalId, `${random.whole(10, 5_000)}.00`);
    default:
      return transfer(externalId, random);
  }
}

function transfer(externalId: string, random: Random): PricedBody {
  const [origin, destination] = random.pick([
    [COP_PAYER, SECOND_COP_COLLECTOR],
    [SECOND_COP_PAYER, SECOND_COP_COLLECTOR],
  ] as const);
  return transferBody(externalId, origin, destination, cop(random.whole(200_000, 900_000)));
}
