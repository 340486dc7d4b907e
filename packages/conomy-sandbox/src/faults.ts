import { createHash } from 'node:crypto';
import {
  AT_ONCE,
  behaviourOf,
  canMeet,
  type DeliveryPlan,
  type FaultedCall,
  type FaultName,
} from './fault-catalogue.ts';
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
}

export interface FaultPlan {
  seed: number | string;
  rules: readonly FaultRule[];
}

/** The plan with what became of it: how often each rule was asked, and how often it fired. */
export interface FaultReport {
  seed: number | string;
  rules: (FaultRule & { matched: number; fired: number })[];
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
  answerCall(operation: OperationName, call: Omit<FaultedCall, 'delayMs'>): unknown;
  /** How the next event is delivered. */
  planDelivery(): DeliveryPlan;
}

interface CountedRule {
  rule: FaultRule;
  matched: number;
  fired: number;
}

export function createFaults(): Faults {
  let seed: number | string = 0;
  let counted: CountedRule[] = [];
  const hit = (target: OperationName | 'webhook'): FaultRule | undefined =>
    counted.find((entry, index) => listens(entry.rule, target) && fires(entry, seed, index))?.rule;
  return {
    replace: (plan) => {
      seed = plan.seed;
      counted = plan.rules.map((rule) => ({ rule, matched: 0, fired: 0 }));
    },
    report: () => ({
      seed,
      rules: counted.map(({ rule, matched, fired }) => ({ ...rule, matched, fired })),
      fired: countByFault(counted),
    }),
    answerCall: (operation, call) => {
      const rule = hit(operation);
      const behaviour = rule && behaviourOf(rule.fault);
      return behaviour?.site === 'call' ? behaviour.answer({ ...call, delayMs: rule?.delayMs }) : call.run();
    },
    planDelivery: () => {
      const rule = hit('webhook');
      const behaviour = rule && behaviourOf(rule.fault);
      return behaviour?.site === 'delivery' ? behaviour.deliver(rule?.delayMs) : AT_ONCE;
    },
  };
}

function listens({ operation, fault }: FaultRule, target: OperationName | 'webhook'): boolean {
  return (operation === '*' || operation === target) && canMeet(fault, target);
}

function fires(entry: CountedRule, seed: number | string, index: number): boolean {
  const { probability = 1, count = Number.POSITIVE_INFINITY } = entry.rule;
  entry.matched += 1;
  if (entry.fired >= count || draw(seed, index, entry.matched) >= probability) return false;
  entry.fired += 1;
  return true;
}

/** A number in [0, 1) that depends on its arguments alone. */
function draw(seed: number | string, ruleIndex: number, ordinal: number): number {
  const digest = createHash('sha256').update(`${seed}:${ruleIndex}:${ordinal}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

function countByFault(counted: readonly CountedRule[]): Partial<Record<FaultName, number>> {
  const fired: Partial<Record<FaultName, number>> = {};
  for (const entry of counted) fired[entry.rule.fault] = (fired[entry.rule.fault] ?? 0) + entry.fired;
  return fired;
}
