import { Reply } from './operations/reply.ts';

export type Told = Record<string, unknown>;

/** The status that no document knows; no payment of the sandbox ever has it, and nothing but its fault tells it. */
export const UNKNOWN_STATUS = 'ON_HOLD_BY_PARTNER';

/** Under which names the rows of a list stand, whatever its envelope. */
const ROWS: ReadonlySet<string> = new Set(['results', 'payments', 'refunds', 'data']);

/** The answer with every payment in it changed: the payment itself, or the rows of a list in any of its envelopes. */
export function withPayments(answer: unknown, change: (payment: Told) => Told): unknown {
  return withRows(answer, (rows) => rows.map(change)) ?? withBody(answer, (body) => change(body as Told));
}

/** The answer to a list with other rows in the same envelope; null when it is no list. */
export function withRows(answer: unknown, change: (rows: Told[]) => Told[]): unknown {
  if (answer instanceof Reply) {
    const body = withRows(answer.body, change);
    return body === null ? null : new Reply(answer.status, body);
  }
  if (Array.isArray(answer)) return change(answer as Told[]);
  if (typeof answer !== 'object' || answer === null) return null;
  const lists = Object.entries(answer).filter(([name, rows]) => ROWS.has(name) && Array.isArray(rows));
  if (lists.length === 0) return null;
  return { ...answer, ...Object.fromEntries(lists.map(([name, rows]) => [name, change(rows as Told[])])) };
}

export function rowsOf(answer: unknown): Told[] {
  const found: Told[] = [];
  withRows(answer, (rows) => {
    found.push(...rows);
    return rows;
  });
  return found;
}

function withBody(answer: unknown, change: (body: unknown) => unknown): unknown {
  if (answer instanceof Reply) return new Reply(answer.status, withBody(answer.body, change));
  return typeof answer === 'object' && answer !== null ? change(answer) : answer;
}

export function withoutFields(payment: Told, names: readonly string[]): Told {
  return Object.fromEntries(Object.entries(payment).filter(([name]) => !names.includes(name)));
}
