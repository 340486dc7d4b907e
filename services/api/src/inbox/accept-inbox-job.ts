/**
 * A job of the queue door, from the worker's hands to its end:
 *
 *   read ──▶ accept (one commit, shared) ──▶ note the verdict ──▶ drop the data ──▶ finish
 *            └─ PostgreSQL away: hold the job and try again
 *
 * The verdict is noted as the job's progress before its data go. A process that dies between these steps leaves a job
 * that runs again: with data it is accepted again, which the idempotency key makes a repeat; without data it carries
 * the verdict. Asking the tables by the key instead could call a refused job accepted, if the key is another's.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isDatabaseUnavailable } from '@capstan/shared/db/sqlstates';
import type { Logger } from '@capstan/shared/telemetry/logger';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Verdict } from '../accept-commands.ts';
import type { CommandIntake } from '../command-intake.ts';
import type { AcceptanceItem } from '../decide-acceptance.ts';
import { RefusedError } from '../problem.ts';
import { type InboxVerdict, notedVerdict } from './inbox-verdict.ts';
import { keptData, readInboxJob } from './read-inbox-job.ts';
import { withoutText } from './without-text.ts';

/** What the door needs of a BullMQ job. */
export interface InboxJob {
  id?: string | undefined;
  data: unknown;
  progress: unknown;
  updateProgress(progress: InboxVerdict): Promise<void>;
  updateData(data: object): Promise<void>;
  /** Gives the job back to the queue, for any worker to take at that time. */
  moveToDelayed(timestampMs: number, token?: string): Promise<void>;
}

export interface InboxContext {
  intake: CommandIntake;
  log: Logger;
  /** Aborted when the door closes: jobs that wait for PostgreSQL go back to the queue. */
  closing: AbortSignal;
  /** Between two tries while PostgreSQL or the queue is away, in milliseconds. */
  retryMs: number;
}

/** The return value of an accepted job. */
export interface InboxReceipt {
  commandId: string;
  replayed: boolean;
}

/**
 * Ends a job as accepted or refused; as long as PostgreSQL cannot serve it does neither.
 * @throws {UnrecoverableError} `<code>: <detail>` when the command is refused; the queue fails the job at once.
 * @throws {DelayedError} when the job was given back to the queue, to run again.
 */
export async function acceptInboxJob(
  context: InboxContext,
  job: InboxJob,
  token?: string,
): Promise<InboxReceipt> {
  try {
    const verdict = notedVerdict(job.progress) ?? (await decideAndNote(context, job));
    await job.updateData(keptData(job.data));
    logVerdict(context.log, job, verdict);
    return receiptOf(verdict);
  } catch (error) {
    if (error instanceof UnrecoverableError) throw error;
    // Any other error would fail the producer's job, which may be accepted by now; run again it ends as it must.
    // If even this fails, the job's lock runs out and the queue gives it to the next worker by itself.
    await job.moveToDelayed(Date.now() + context.retryMs, token).catch(() => {});
    throw new DelayedError();
  }
}

async function decideAndNote(context: InboxContext, job: InboxJob): Promise<InboxVerdict> {
  const read = readInboxJob(job.data);
  const verdict: InboxVerdict = read.ok
    ? toInboxVerdict(await acceptWhenReachable(context, read.item))
    : { result: 'refused', code: read.refusal.code, detail: read.refusal.detail };
  await job.updateProgress(verdict);
  return verdict;
}

async function acceptWhenReachable({ intake, log, closing, retryMs }: InboxContext, item: AcceptanceItem) {
  for (;;) {
    try {
      return await acceptTogetherOrAlone(intake, item);
    } catch (error) {
      if (!isPassing(error)) return refuseForOwnFault(log, error);
      await delay(retryMs, undefined, { signal: closing });
    }
  }
}

/** What breaks a shared commit need not be this item; alone it stands for itself. */
async function acceptTogetherOrAlone(intake: CommandIntake, item: AcceptanceItem): Promise<Verdict> {
  try {
    return await intake.acceptOne(item);
  } catch (error) {
    if (isPassing(error)) throw error;
    const [verdict] = await intake.acceptList([item]);
    if (!verdict) throw error;
    return verdict;
  }
}

/** Whether the same command may be accepted a little later: nothing was written and nothing is wrong with it. */
function isPassing(error: unknown): boolean {
  return (
    isDatabaseUnavailable(error) || (error instanceof RefusedError && error.refusal.code === 'unavailable')
  );
}

/** A job that meets a defect of ours would meet it for ever; its producer hears of it as an HTTP caller would. */
function refuseForOwnFault(log: Logger, error: unknown): Verdict {
  log.error(
    { event: 'inbox.failed', ...withoutText(error) },
    'a job of the queue door failed for a reason of our own',
  );
  const detail =
    'Nothing is known to be wrong with the command. Add a job again with the same idempotencyKey.';
  return { kind: 'refused', refusal: { code: 'internal_error', detail } };
}

function toInboxVerdict(verdict: Verdict): InboxVerdict {
  if (verdict.kind === 'refused') {
    const { code, detail } = verdict.refusal;
    return { result: 'refused', code, detail };
  }
  return { result: 'accepted', commandId: verdict.view.command.id, replayed: verdict.replayed };
}

/** @throws {UnrecoverableError} for a refusal. */
function receiptOf(verdict: InboxVerdict): InboxReceipt {
  if (verdict.result === 'accepted') return { commandId: verdict.commandId, replayed: verdict.replayed };
  const refusal = new UnrecoverableError(`${verdict.code}: ${verdict.detail}`);
  // BullMQ keeps the stack with the job, where it would show the producer our files.
  refusal.stack = '';
  throw refusal;
}

/** The code only: details may repeat what the job carried. */
function logVerdict(log: Logger, job: InboxJob, verdict: InboxVerdict): void {
  const { result } = verdict;
  const what =
    result === 'accepted'
      ? { commandId: verdict.commandId, replayed: verdict.replayed }
      : { code: verdict.code };
  log.info(
    { event: 'inbox.finished', jobId: job.id, result, ...what },
    `a job of the queue door was ${result}`,
  );
}
