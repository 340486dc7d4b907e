import { ATTRIBUTION_INVARIANTS } from './attribution-invariants.ts';
import { COMMAND_INVARIANTS } from './command-invariants.ts';
import { EFFECT_INVARIANTS } from './effect-invariants.ts';
import type { Invariant } from './invariant.ts';
import { RECORD_INVARIANTS } from './record-invariants.ts';

/** Everything that a run is held against, in the order in which it is shown. */
export const INVARIANTS: readonly Invariant[] = [
  ...COMMAND_INVARIANTS,
  ...EFFECT_INVARIANTS,
  ...RECORD_INVARIANTS,
  ...ATTRIBUTION_INVARIANTS,
  {
    statement: 'parts ended only when they were killed',
    check: ({ lostParts }) => ({ count: lostParts.length, breaches: [...lostParts] }),
  },
  {
    statement: 'logs hold no secret',
    check: ({ leaks }) => ({ count: leaks.length, breaches: [...leaks] }),
  },
];
