import { createHash } from 'node:crypto';
import { behaviourOf, canMeet, type FaultName } from './fault-catalogue.ts';
import { AT_ONCE, type DeliveryPlan, type FaultedCall } from './fault-kinds/behaviour.ts';
import type { OperationName } from './operations/operation.ts';

/** Where a rule listens: one operation, the delivery of webhooks, or all of these. */
export type FaultTarget = OperationName | 'webhook' | '*';

export interface FaultRule {
  operation: FaultTarget;
  fault: FaultName;
  /** Chance of each match, 0 to 1; without it every match. */
  probability?: number | undefined;
  /** The rule fires at most this often; without it without end. */
  count?: number | undefined;
  /** Milliseconds; each fault says what they mean to it. */
  delayMs?: number | undefined;
  /** How many rows of a list it is about; without it the seed draws. */
  rows?: number | undefined;
}

export interface FaultPlan {
  seed: number | string;
  rules: readonly FaultRule[];
}

/** The plan with what became of it: how often each rule was asked, and how often it fired. */
export interface FaultReport {
  seed: number | string;
  rules: (FaultRule & { matched: number; fired: number })[];
  /** Calls that were let to the rules since they were set. */
  calls: number;
  fired: Partial<Record<FaultName, number>>;
}

/**
 * Decides which calls and deliveries go wrong. Rules are asked in order and the first that fires decides, so
 * counts one after the other make a script. Whether a rule fires depends on the seed, its place and how many
 * matches it had before, and on nothing else: the same order of calls meets the same faults.
 */
export interface Faults {
  replace(plan: FaultPlan): void;
  report(): FaultReport;
  /** Carries out a call of `operation`, through a fault if one hits it. */
  answerCall(operation: OperationName, call: CleanCall): unknown;
  /** How the next event is delivered. */
  planDelivery(): DeliveryPlan;
}

/** A call as it is before a rule has hit it. */
export type CleanCall = Omit<FaultedCall, 'delayMs' | 'rows' | 'pick'>;

interface CountedRule {
  rule: FaultRule;
  matched: number;
  fired: number;
}

export function createFaults(): Faults {
  let seed: number | string = 0;
  let counted: CountedRule[] = [];
  let calls = 0;
  const hit = (target: OperationName | 'webhook', call?: CleanCall): Hit | undefined => {
    const index = counted.findIndex(
      (entry, nth) => listens(entry.rule, target, call) && fires(entry, seed, nth),
    );
    const entry = counted[index];
    return entry && { rule: entry.rule, pick: pickFrom(seed, index, entry.matched) };
  };
  return {
    replace: (plan) => {
      seed = plan.seed;
      calls = 0;
      counted = plan.rules.map((rule) => ({ rule, matched: 0, fired: 0 }));
    },
    report: () => ({
      seed,
      rules: counted.map(({ rule, matched, fired }) => ({ ...rule, matched, fired })),
      calls,
      fired: countByFault(counted),
    }),
    answerCall: (operation, call) => {
      calls += 1;
      const { rule, pick } = hit(operation, call) ?? NO_HIT;
      const behaviour = rule && behaviourOf(rule.fault);
      if (behaviour?.site !== 'call') return call.run();
      return behaviour.answer({ ...call, pick, delayMs: rule?.delayMs, rows: rule?.rows });
    },
    planDelivery: () => {
      const { rule, pick } = hit('webhook') ?? NO_HIT;
      const behaviour = rule && behaviourOf(rule.fault);
      return behaviour?.site === 'delivery' ? behaviour.deliver(rule?.delayMs, pick) : AT_ONCE;
    },
  };
}

interface Hit {
  rule: FaultRule | undefined;
  pick: FaultedCall['pick'];
}

const NO_HIT: Hit = { rule: undefined, pick: (least) => least };

function listens(
  { operation, fault }: FaultRule,
  target: OperationName | 'webhook',
  call: CleanCall | undefined,
): boolean {
  if ((operation !== '*' && operation !== target) || !canMeet(fault, target)) return false;
  const behaviour = behaviourOf(fault);
  return behaviour.site === 'delivery' || call === undefined || (behaviour.meets?.(call) ?? true);
}

function fires(entry: CountedRule, seed: number | string, index: number): boolean {
  const { probability = 1, count = Number.POSITIVE_INFINITY } = entry.rule;
  entry.matched += 1;
  if (entry.fired >= count || draw([seed, index, entry.matched]) >= probability) return false;
  entry.fired += 1;
  return true;
}

/** Whole numbers that depend on the match and on how many were drawn for it before. */
function pickFrom(seed: number | string, index: number, ordinal: number): FaultedCall['pick'] {
  let drawn = 0;
  return (least, most) => {
    drawn += 1;
    return least + Math.floor(draw([seed, index, ordinal, drawn]) * (most - least + 1));
  };
}

/** A number in [0, 1) that depends on its arguments alone. */
function draw(from: readonly (number | string)[]): number {
  return createHash('sha256').update(from.join(':')).digest().readUIntBE(0, 6) / 2 ** 48;
}

function countByFault(counted: readonly CountedRule[]): Partial<Record<FaultName, number>> {
  const fired: Partial<Record<FaultName, number>> = {};
  for (const entry of counted) fired[entry.rule.fault] = (fired[entry.rule.fault] ?? 0) + entry.fired;
  return fired;
}
