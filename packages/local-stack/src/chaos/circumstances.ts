import { COP_COLLECTOR, COP_PAYER, SECOND_COP_PAYER } from '@capstan/conomy-sandbox/default-accounts';
import { createRandom } from '../demo/random.ts';

/** How the provider is set up for a whole run. */
export interface Circumstances {
  clock: { utcOffset: string; instants: 'offset' | 'bare' };
  webhookForm: 'body' | 'header';
  /** Payments that others have made before the run. */
  fills: readonly { accountNumber: string; type: string; count: number; day: string }[];
}

const ZONES = ['-05:00', '-03:00', '+00:00', '+14:00'] as const;
const ROWS_OF_A_DAY = 20_000;
const ROWS_OF_AN_ACCOUNT = 100_000;
const DAY_MS = 24 * 3_600_000;

/** What an integrator is not told: the zone, the form of events, and how much others do on the same accounts. */
export function drawCircumstances(seed: number, nowMs: number): Circumstances {
  const random = createRandom(seed ^ 0xc1);
  const utcOffset = random.pick(ZONES);
  return {
    clock: { utcOffset, instants: random.whole(1, 4) === 1 ? 'bare' : 'offset' },
    webhookForm: random.pick(['body', 'header']),
    fills:
      random.whole(0, 1) === 0
        ? []
        : fillsOf(random.pick([COP_COLLECTOR, COP_PAYER, SECOND_COP_PAYER]), nowMs),
  };
}

/** Twenty thousand today and yesterday, the rest of an account of a hundred thousand in the month before. */
function fillsOf({ accountNumber }: { accountNumber: string }, nowMs: number): Circumstances['fills'] {
  const dayBefore = (days: number) => new Date(nowMs - days * DAY_MS).toISOString().slice(0, 10);
  const days = [
    [0, ROWS_OF_A_DAY],
    [1, ROWS_OF_A_DAY],
    [30, ROWS_OF_AN_ACCOUNT - 2 * ROWS_OF_A_DAY],
  ] as const;
  return days.map(([before, count]) => ({ accountNumber, type: 'P2P', count, day: dayBefore(before) }));
}
