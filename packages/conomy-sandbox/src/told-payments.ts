import { Reply } from './operations/reply.ts';

type Told = Record<string, unknown>;

/** The status that no document knows; no payment of the sandbox ever has it, and nothing but its fault tells it. */
export const UNKNOWN_STATUS = 'ON_HOLD_BY_PARTNER';

/** The answer with every payment in it changed: the payment itself, or the rows of a list in any of its envelopes. */
export function withPayments(answer: unknown, change: (payment: Told) => Told): unknown {
  if (answer instanceof Reply) return new Reply(answer.status, withPayments(answer.body, change));
  if (Array.isArray(answer)) return answer.map((row) => change(row as Told));
  if (typeof answer !== 'object' || answer === null) return answer;
  const lists = Object.entries(answer).filter(([name]) => name === 'results' || name === 'payments');
  if (lists.length === 0) return change(answer as Told);
  const changed = lists.map(([name, rows]) => [name, (rows as Told[]).map(change)]);
  return { ...answer, ...Object.fromEntries(changed) };
}

export function withoutFields(payment: Told, names: readonly string[]): Told {
  return Object.fromEntries(Object.entries(payment).filter(([name]) => !names.includes(name)));
}
