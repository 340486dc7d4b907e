import { holdCommand, markRedriven } from '@capstan/shared/db/interventions';
import type { Pool } from '@capstan/shared/db/pool';
import { inTransaction } from '@capstan/shared/db/transaction';
import { commandJob, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import type { Intervention, InterventionResult } from './cancel-command.ts';
import { RefusedError, unknownCommand } from './problem.ts';

/**
 * Puts a parked command back to work, with who and why on record. The capturer reads at Conomy before it acts: an
 * attempt that was parked is looked for anew, with evidence gathered from now on.
 * @throws {RefusedError} `command_not_found`, or `not_parked`.
 */
export async function redriveCommand(
  pool: Pool,
  redrive: Intervention & { reason: string },
): Promise<InterventionResult> {
  return inTransaction(pool, async (tx) => {
    const command = await holdCommand(tx, redrive.commandId);
    if (command === null) throw new RefusedError(unknownCommand);
    if (command.status !== 'parked') {
      throw new RefusedError({
        code: 'not_parked',
        detail: `Only a parked command can be redriven; this one is ${command.status}.`,
      });
    }
    await markRedriven(tx, command, { by: redrive.by, reason: redrive.reason, graceMs: RELAY_GRACE_MS });
    return { paymentKey: command.paymentKey, commandJobs: [commandJob(command.id, command.epoch)] };
  });
}
