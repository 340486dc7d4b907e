import type { Facts } from './facts.ts';

/** What must hold whatever went wrong. */
export interface Invariant {
  statement: string;
  check(facts: Facts): { count: number; breaches: string[] };
}
