import { findAskedScan } from '@capstan/shared/db/operator-scans';
import { nameOfLane } from '@capstan/shared/db/scan-lanes';
import { takeLane } from '@capstan/shared/db/scans';
import { commandJob } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';
import { takeScanTurn } from './shared-scans.ts';

/**
 * Takes one turn of the scan that an operator waits for, about a command that is parked, and has a next job go on. Nothing
 * of the command is claimed or written. Whatever is lost, a job, a queue or this process, each further request of the
 * operator offers the job again, and the scan goes on where it stopped.
 */
export async function scanForOperator(context: CapturerContext, commandId: string): Promise<void> {
  const asked = await findAskedScan(context.pool, commandId);
  if (asked === null) return;
  const { lane, epoch } = asked;
  await context.readers.begin(commandId, async () => {
    const taken = await takeLane(context.pool, nameOfLane(lane), context.timings.readLeaseMs);
    if (taken === null) return;
    const signal = AbortSignal.timeout(context.timings.readMsMax);
    const failure = await takeScanTurn(context, lane, taken, signal);
    if ((await findAskedScan(context.pool, commandId)) === null) return;
    const dueMs = failure === null ? 0 : context.timings.readAgainMs;
    await context.commands.offer([commandJob(commandId, epoch, dueMs)]);
  });
}
