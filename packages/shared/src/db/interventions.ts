import type { Pool, PoolClient } from 'pg';
import type { FailedAttempt } from '../domain/attempt.ts';
import type { CommandProblem, CommandRow } from './commands.ts';
import { lockPayment } from './payments.ts';
import { storableJson } from './storable-text.ts';

/** A command whose row is locked so that somebody from outside may cancel or redrive it. */
export interface HeldCommand
  extends Pick<CommandRow, 'id' | 'type' | 'status' | 'paymentKey' | 'steps' | 'stepsDone' | 'problem'> {
  epoch: number;
  /** A capturer holds it right now. */
  isClaimed: boolean;
  /** Of the current step. */
  attempts: FailedAttempt[];
}

/** Locks a command against capturers; null when there is none with this id. */
export async function holdCommand(tx: PoolClient, id: string): Promise<HeldCommand | null> {
  const { rows } = await tx.query<Omit<HeldCommand, 'attempts'>>(
    `select id, type, status, payment_key as "paymentKey", steps, steps_done as "stepsDone", problem,
       claim_epoch as epoch, coalesce(claimed_until > capstan_now(), false) as "isClaimed"
     from commands where id = $1::uuid for update`,
    [id],
  );
  const command = rows[0];
  if (!command) return null;
  // A statement of its own: one that waited for the lock would still see the attempts of before.
  const attempts = await tx.query<FailedAttempt>(
    'select outcome, resolution, failure from attempts where command_id = $1::uuid and step = $2::smallint',
    [id, command.stepsDone],
  );
  return { ...command, attempts: attempts.rows };
}

/**
 * The same, for a command that may stand in line behind another one of its payment: the payment is locked before it, as
 * whoever makes it runnable does. One that is at work is locked before its payment, as its capturer does.
 */
export async function holdInLine(tx: PoolClient, id: string): Promise<HeldCommand | null> {
  const { rows } = await tx.query<{ paymentKey: string }>(
    `select payment_key as "paymentKey" from commands where id = $1::uuid and status = 'blocked'`,
    [id],
  );
  const [blocked] = rows;
  if (blocked) await lockPayment(tx, blocked.paymentKey);
  return holdCommand(tx, id);
}

/** Ends a held command as canceled. Its epoch rises, so that a capturer that once held it can write nothing more. */
export async function markCanceled(
  tx: PoolClient,
  command: HeldCommand,
  problem: CommandProblem,
): Promise<void> {
  await tx.query(
    `update commands set status = 'canceled', problem = $2::jsonb, claim_epoch = claim_epoch + 1,
       claimed_by = null, claimed_until = null, offer_at = null, waits_for = null, finished_at = capstan_now()
     where id = $1::uuid`,
    [command.id, storableJson(problem)],
  );
}

/**
 * Puts a held, parked command back to work and records who did, why and after which attempt. `graceMs`: before the relay
 * offers its job.
 */
export async function markRedriven(
  tx: PoolClient,
  command: HeldCommand,
  redrive: { by: string; reason: string; graceMs: number },
): Promise<void> {
  await tx.query(
    `with recorded as (
       insert into command_redrives (command_id, redriven_by, reason, problem, attempt_id)
       select id, $2::text, $3::text, problem, (select max(a.id) from attempts a where a.command_id = $1::uuid)
       from commands where id = $1::uuid and status = 'parked'
       returning command_id
     )
     update commands set status = 'executing', problem = null, failures = 0, due_at = capstan_now(),
       offer_at = capstan_now() + $4::float8 * interval '1 millisecond'
     where id = (select command_id from recorded)`,
    [command.id, redrive.by, redrive.reason, redrive.graceMs],
  );
}

/**
 * Puts the commands of a payment back to work that were parked before a step because its amount differed, recorded as a
 * redrive by who ended that. The caller holds the payment's row. One whose step has left is parked for what became of it, and
 * stays so.
 */
export async function releaseHeldByAmount(
  tx: PoolClient,
  paymentKey: string,
  { by, reason }: { by: string; reason: string },
): Promise<void> {
  await tx.query(
    `with held as (
       select c.id, c.problem from commands c
       where c.payment_key = $1::uuid and c.status = 'parked' and c.problem->>'code' = 'amount_differs'
         and not exists (
           select from attempts a
           where a.command_id = c.id and a.step = c.steps_done
             and coalesce(a.resolution, a.outcome) is distinct from 'retryable'
         )
       for update skip locked
     ), recorded as (
       insert into command_redrives (command_id, redriven_by, reason, problem, attempt_id)
       select id, $2::text, $3::text, problem, (select max(a.id) from attempts a where a.command_id = held.id) from held
     )
     update commands set status = 'executing', problem = null, failures = 0, due_at = capstan_now(), offer_at = capstan_now()
     where id in (select id from held)`,
    [paymentKey, by, reason],
  );
}

/** One time a person put a parked command back. */
export interface RedriveRow {
  id: number;
  commandId: string;
  at: Date;
  redrivenBy: string;
  reason: string;
  /** What it was parked with. */
  problem: CommandProblem;
}

export async function findRedrivesOfPayment(
  db: Pool | PoolClient,
  paymentKey: string,
): Promise<RedriveRow[]> {
  const { rows } = await db.query<RedriveRow>(
    `select r.id, r.command_id as "commandId", r.at, r.redriven_by as "redrivenBy", r.reason, r.problem
     from command_redrives r join commands c on c.id = r.command_id
     where c.payment_key = $1::uuid order by r.id`,
    [paymentKey],
  );
  return rows;
}
