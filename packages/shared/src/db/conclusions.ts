import type { Pool, PoolClient } from 'pg';
import type { AskedPayment } from '../domain/bound-means-equal.ts';
import type { CommandProblemCode } from '../domain/command-problems.ts';
import type { ConcludedAttempt, ConcludedOutcome } from '../domain/conclude.ts';
import { askedOf } from './asked-payment.ts';
import type { CommandProblem, CommandRow, RefundRequest } from './commands.ts';
import { holdCommand } from './interventions.ts';
import { storableJson } from './storable-text.ts';

/** A command with all that a conclusion of it depends on. */
export interface ConcludableCommand
  extends Pick<CommandRow, 'id' | 'type' | 'status' | 'paymentKey' | 'steps' | 'stepsDone' | 'problem'> {
  problemCode: CommandProblemCode | null;
  epoch: number;
  refund: RefundRequest | null;
  /** What the create of its payment asked for; null when no create of ours made it. */
  asked: AskedPayment | null;
  externalId: string | null;
  /** Of the payment, or of the older key that it gave way to. */
  conomyId: string | null;
  duplicateOf: string | null;
  paymentKind: 'payment' | 'attempt' | 'refund';
  paymentVersion: number;
  paymentAgeMs: number;
  /** In the order they began. */
  attempts: ConcludedAttempt[];
  now: Date;
}

/** How long after a call could last have been under way its effect may be ruled out. */
const RULED_OUT_AFTER = '24 hours';

type Stored = Omit<ConcludableCommand, 'attempts'>;

/** Null when there is none with this id. */
export async function findConcludable(db: Pool | PoolClient, id: string): Promise<ConcludableCommand | null> {
  const { rows } = await db.query<Stored>(
    `select c.id, c.type, c.status, c.payment_key as "paymentKey", c.steps, c.steps_done as "stepsDone", c.problem,
       c.problem->>'code' as "problemCode", c.claim_epoch as epoch, c.refund, ${askedOf('c.payment_key')} as asked, p.external_id as "externalId",
       coalesce(p.conomy_id, older.conomy_id) as "conomyId", p.duplicate_of as "duplicateOf", p.kind as "paymentKind",
       p.version as "paymentVersion", (extract(epoch from capstan_now() - p.moved_at) * 1000)::float8 as "paymentAgeMs",
       capstan_now() as now
     from commands c
     join payments p on p.key = c.payment_key
     left join payments older on older.key = p.duplicate_of
     where c.id = $1::uuid`,
    [id],
  );
  const [command] = rows;
  if (!command) return null;
  const { rows: attempts } = await db.query<ConcludedAttempt>(
    `select a.id, a.step, a.outcome, a.resolution, a.deadline_at + interval '${RULED_OUT_AFTER}' as "notBefore",
       a.refunds_before as "refundsBefore", a.refunds_listed_at as "refundsListedAt", p.conomy_id as "childId"
     from attempts a left join payments p on p.key = a.refund_key
     where a.command_id = $1::uuid order by a.id`,
    [id],
  );
  return { ...command, attempts };
}

/** The same under the lock of its row, so that neither a redrive nor another conclusion comes between. */
export async function holdConcludable(tx: PoolClient, id: string): Promise<ConcludableCommand | null> {
  // What comes after it is read as it is once the lock is held.
  return (await holdCommand(tx, id)) === null ? null : findConcludable(tx, id);
}

/** How many calls are left to be made of these commands. */
export async function countStepsLeft(tx: PoolClient, ids: readonly string[]): Promise<number> {
  const { rows } = await tx.query<{ steps: number }>(
    `select coalesce(sum(cardinality(steps) - steps_done), 0)::int as steps from commands where id = any($1::uuid[])`,
    [ids],
  );
  return rows[0]?.steps ?? 0;
}

/** Conomy ids that the reads of an attempt named as what it may have made. */
export async function findIdsShown(db: Pool | PoolClient, attemptId: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select distinct shown.id from attempt_reads r, jsonb_array_elements_text(r.detail->'ids') as shown(id)
     where r.attempt_id = $1::bigint and jsonb_typeof(r.detail->'ids') = 'array' order by shown.id`,
    [attemptId],
  );
  return rows.map(({ id }) => id);
}

/** Who concluded a command, why and on what. */
export interface Conclusion {
  outcome: ConcludedOutcome;
  by: string;
  reason: string;
  /** Ids and statuses as they were read for it. */
  evidence: Record<string, unknown>;
}

/** Puts a conclusion on record, with the problem that its command had before. */
export async function recordConclusion(
  tx: PoolClient,
  { id, problem }: Pick<CommandRow, 'id' | 'problem'>,
  { outcome, by, reason, evidence }: Conclusion,
): Promise<void> {
  await tx.query(
    `insert into command_conclusions (command_id, concluded_by, reason, outcome, problem, evidence)
     values ($1::uuid, $2::text, $3::text, $4::text, $5::jsonb, $6::jsonb)`,
    [id, by, reason, outcome, storableJson(problem), storableJson(evidence)],
  );
}

/**
 * The current step of a held command counts as done: it goes on with the next one, or has succeeded. Its epoch rises, so
 * that a job made before is known to be old. `graceMs`: before the relay offers its job.
 */
export async function markStepMade(tx: PoolClient, commandId: string, graceMs: number): Promise<number> {
  const { rows } = await tx.query<{ epoch: number }>(
    `update commands set steps_done = steps_done + 1, problem = null, failures = 0, tries = 0, claim_epoch = claim_epoch + 1,
       status = case when steps_done + 1 = cardinality(steps) then 'succeeded' else 'executing' end,
       finished_at = case when steps_done + 1 = cardinality(steps) then capstan_now() end,
       due_at = capstan_now(),
       offer_at = case when steps_done + 1 < cardinality(steps) then capstan_now() + $2::float8 * interval '1 millisecond' end
     where id = $1::uuid returning claim_epoch as epoch`,
    [commandId, graceMs],
  );
  return rows[0]?.epoch ?? 0;
}

/** Ends a held, parked command: nothing more is sent for it. */
export async function markConcluded(
  tx: PoolClient,
  commandId: string,
  problem: CommandProblem,
): Promise<void> {
  await tx.query(
    `update commands set status = 'rejected', problem = $2::jsonb, claim_epoch = claim_epoch + 1, claimed_by = null,
       claimed_until = null, offer_at = null, waits_for = null, finished_at = capstan_now()
     where id = $1::uuid`,
    [commandId, storableJson(problem)],
  );
}

/** Rules out what every attempt of a held command did whose outcome nobody knows; `notOurs` is never taken for it. */
export async function ruleOutAttempts(
  tx: PoolClient,
  commandId: string,
  notOurs: readonly string[],
): Promise<void> {
  await tx.query(
    `update attempts set outcome = 'unknown', finished_at = coalesce(finished_at, capstan_now()),
       resolution = 'ruled_out', resolved_at = capstan_now(), not_ours = $2::text[]
     where command_id = $1::uuid and (outcome is null or outcome = 'unknown')
       and (resolution is null or resolution = 'parked')`,
    [commandId, notOurs],
  );
}

/** One time a person concluded a command. */
export interface ConclusionRow extends Conclusion {
  id: number;
  commandId: string;
  at: Date;
  /** What it was parked or had ended with. */
  problem: CommandProblem;
}

export async function findConclusionsOfPayment(
  db: Pool | PoolClient,
  paymentKey: string,
): Promise<ConclusionRow[]> {
  const { rows } = await db.query<ConclusionRow>(
    `select r.id, r.command_id as "commandId", r.at, r.concluded_by as by, r.reason, r.outcome, r.problem, r.evidence
     from command_conclusions r join commands c on c.id = r.command_id
     where c.payment_key = $1::uuid order by r.id`,
    [paymentKey],
  );
  return rows;
}
