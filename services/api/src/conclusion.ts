import type { ConcludableCommand } from '@capstan/shared/db/conclusions';
import { settleFollowers } from '@capstan/shared/db/followers';
import type { PoolClient } from '@capstan/shared/db/pool';
import type { ConcludedOutcome, ConcludeRefusal } from '@capstan/shared/domain/conclude';
import type { ReadContext } from '@capstan/shared/mirror/read-payment';
import { commandJob, type Offer, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import type { QueueSender } from '@capstan/shared/queue/sender';
import { RefusedError } from './problem.ts';

/** More payments than this that may be the effect of one call are no lost answer. */
export const NOT_OURS_MAX = 100;

/** What a conclusion reads and writes with. */
export interface ConcludeContext extends ReadContext {
  commands: QueueSender<'commands'>;
}

/** What a person says became of a command. */
export interface ConcludeRequest {
  commandId: string;
  outcome: ConcludedOutcome;
  paymentId?: string;
  notOurs: readonly string[];
  reason: string;
  /** Name of the API key. */
  by: string;
  /** Tells what would be done, and does nothing. */
  isPreview: boolean;
}

/** What was written in the transaction, to be told to others once it is committed. */
export interface Written {
  commandJobs: Offer<'commands'>[];
  reads: Offer<'reads'>[];
  /** Why it is refused all the same, where what was read is to be kept. */
  refusal?: ConcludeRefusal;
}

/** The commands behind a command that has just ended. */
export async function endFollowers(
  tx: PoolClient,
  command: ConcludableCommand,
  status: 'succeeded' | 'rejected',
): Promise<Written> {
  const followers = await settleFollowers(tx, { ...command, status }, RELAY_GRACE_MS);
  return { commandJobs: followers.map(({ id, epoch }) => commandJob(id, epoch)), reads: [] };
}

/** @throws {RefusedError} where the decision refuses. */
export function refuse(refusal: ConcludeRefusal): never;
export function refuse(refusal: ConcludeRefusal | null): void;
export function refuse(refusal: ConcludeRefusal | null): void {
  if (refusal === null) return;
  const { code, detail, ...more } = refusal;
  throw new RefusedError({ code, detail, more });
}
