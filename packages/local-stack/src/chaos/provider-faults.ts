import {
  behaviourOf,
  canMeet,
  FAULT_NAMES,
  FAULTS_BY_CLASS,
  type FaultName,
} from '@capstan/conomy-sandbox/fault-catalogue';
import type { FaultPlan, FaultRule } from '@capstan/conomy-sandbox/faults';
import type { OperationName } from '@capstan/conomy-sandbox/operations/operation';
import { createRandom } from '../demo/random.ts';

/** Kinds of a class of which each run plays some; the others of the catalogue belong to every run. */
const DRAWN_CLASSES: readonly (readonly FaultName[])[] = [
  ['commit-then-404', 'commit-then-409', 'commit-then-412', 'commit-then-422', '412'],
  ['gzip', 'byte-order-mark'],
  [
    ...(['long-id', 'long-status', 'nul-in-id', 'nul-in-status'] as const),
    ...(['half-surrogate-in-id', 'half-surrogate-in-status', 'impossible-date'] as const),
  ],
  namesOf(FAULTS_BY_CLASS.strangers),
  namesOf(FAULTS_BY_CLASS.making),
  namesOf(FAULTS_BY_CLASS.lists),
  namesOf(FAULTS_BY_CLASS.refunds),
  [
    ...(['webhook-unsigned-members', 'webhook-other-white-space'] as const),
    ...(['webhook-doubled-members', 'webhook-unstorable'] as const),
  ],
];

/** Of each class about half of the kinds, at least one, drawn by the seed. */
function drawKinds(seed: number): FaultName[] {
  const random = createRandom(seed ^ 0x1a9);
  const drawnFrom = new Set(DRAWN_CLASSES.flat());
  return [
    ...DRAWN_CLASSES.flatMap((kinds) => {
      const first = random.whole(0, kinds.length - 1);
      const count = Math.ceil(kinds.length / 2);
      return Array.from({ length: count }, (_, nth) => kinds[(first + nth) % kinds.length] as FaultName);
    }),
    ...FAULT_NAMES.filter((fault) => !drawnFrom.has(fault)),
  ];
}

/**
 * What goes wrong with the provider all along: calls meet a fault in about one of four cases, events in one of two. Reads
 * are also refused for good now and then, which says something untrue about the payment.
 */
export function providerFaults(seed: number): FaultPlan {
  const refusedReads = (['404', '409', '412', '422'] as const).map(
    (fault): FaultRule => ({ operation: 'read', fault, probability: 0.003 }),
  );
  return { seed, rules: [...drawKinds(seed).flatMap(rulesOf), ...refusedReads] };
}

/** How likely each fault meets a call it can meet; those that refuse for good are rare. */
const RARE: ReadonlySet<FaultName> = new Set([
  ...['403', '404', '409', '412', '422', '501', 'twin', 'refuse', 'revoked-token'],
  // Each may be the end of its payment's commands.
  ...['commit-then-404', 'commit-then-409', 'commit-then-412', 'commit-then-422'],
] as FaultName[]);

const WRITES = ['create', 'authorize', 'capture', 'refund', 'attempt', 'documents'] as const;
const READS = ['read', 'list'] as const;
const REFUND_LISTS = ['refunds', 'payment-refunds'] as const;

/** Lists are few, since one serves every lost create of an account; what only they can meet is frequent there. */
const OF_LISTS: ReadonlySet<FaultName> = new Set<FaultName>([
  'missing-fields',
  ...namesOf(FAULTS_BY_CLASS.lists),
]);
/** Refunds are few as well. */
const OF_REFUNDS: ReadonlySet<FaultName> = new Set(namesOf(FAULTS_BY_CLASS.refunds));
/** What such a fault says or does may end the commands of its payment, and a run has few of each operation. */
const OF_PAYMENTS: ReadonlySet<FaultName> = new Set<FaultName>([
  ...namesOf(FAULTS_BY_CLASS.strangers),
  ...namesOf(FAULTS_BY_CLASS.making),
]);

function rulesOf(fault: FaultName): FaultRule[] {
  if (behaviourOf(fault).site === 'delivery')
    return [{ operation: 'webhook', fault, probability: deliveryProbability(fault) }];
  const operations = [...WRITES, ...READS, ...REFUND_LISTS].filter((each) => canMeet(fault, each));
  return operations
    .filter((operation) => isPlayed(fault, operation))
    .map((operation) => ({
      operation,
      fault,
      probability: probabilityOf(fault, operation),
      ...delayOf(fault),
    }));
}

function deliveryProbability(fault: FaultName): number {
  if (fault === 'webhook-drop') return 0.3;
  return fault === 'webhook-bad-signature' ? 0.05 : 0.1;
}

function isPlayed(fault: FaultName, operation: OperationName): boolean {
  // A create has no id yet: an answer that names all that was asked for, and with it the id of another payment, cannot be
  // told from a true one.
  if (fault === 'tells-other-id' && operation === 'create') return false;
  if (isRefundList(operation)) return OF_LISTS.has(fault) || OF_REFUNDS.has(fault) || OF_PAYMENTS.has(fault);
  if (isWrite(operation)) return true;
  return !['403', '404', '409', '412', '422', '501', 'lag', 'refuse'].includes(fault);
}

/** Each halves the rate of the whole system, which takes half a minute to grow back: then little meets all the others. */
const SLOWING: ReadonlySet<FaultName> = new Set(['429', '429-without-retry-after', '429-mid-walk'] as const);

function probabilityOf(fault: FaultName, operation: OperationName): number {
  if (SLOWING.has(fault)) return fault === '429-mid-walk' ? 0.008 : 0.0008;
  if (OF_LISTS.has(fault)) return isWrite(operation) ? 0.03 : 0.1;
  if (OF_REFUNDS.has(fault)) return operation === 'read' || operation === 'list' ? 0.004 : 0.15;
  if (OF_PAYMENTS.has(fault)) return isWrite(operation) ? 0.02 : 0.004;
  if (!isWrite(operation)) return 0.006;
  return RARE.has(fault) ? 0.004 : 0.012;
}

function isWrite(operation: OperationName): boolean {
  return WRITES.some((write) => write === operation);
}

function isRefundList(operation: OperationName): boolean {
  return REFUND_LISTS.some((list) => list === operation);
}

function delayOf(fault: FaultName): { delayMs?: number } {
  const delays: Partial<Record<FaultName, number>> = {
    refuse: 400,
    slow: 1_500,
    'slow-bytes': 700,
    lag: 2_000,
    '429': 1_000,
    '429-mid-walk': 1_000,
    'slow-mid-walk': 600,
    // Longer than absence takes in these runs.
    'listed-late': 12_000,
    ...Object.fromEntries(['404', '409', '412', '422'].map((status) => [`commit-then-${status}`, 2_000])),
  };
  const delayMs = delays[fault];
  return delayMs === undefined ? {} : { delayMs };
}

function namesOf(faults: Partial<Record<FaultName, unknown>>): FaultName[] {
  return Object.keys(faults) as FaultName[];
}
