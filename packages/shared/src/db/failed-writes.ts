import type { FailureFacts } from '../domain/failed-write.ts';
import type { ProviderFailure } from '../provider/payment-provider.ts';
import type { Pool, PoolClient } from './pool.ts';

/** What "the same" is among failures without effect. */
const met = (failure: string) =>
  `case when ${failure}->>'httpStatus' = '429' then 'too_many' when ${failure}->>'reason' = any($2::text[]) then 'nothing'
     else ${failure}->>'stage' end`;

/**
 * How an attempt failed, and what stood around it. `ownReasons` are those for which nothing was tried. Touches the failures of
 * a minute before and after it, and a handful of commands.
 */
export async function loadFailedWrite(
  tx: PoolClient,
  attemptId: number,
  ownReasons: readonly string[],
): Promise<FailureFacts & { failure: ProviderFailure | null }> {
  const { rows } = await tx.query<FailureFacts & { failure: ProviderFailure | null }>(
    `select a.failure, h.breaker, coalesce(h.succeeded_at > a.finished_at, false) as "succeededSince",
       -- Fifty are of three payments if they are of any: one is tried a few times a minute.
       (select least(count(distinct met.payment_key), 3)::int from (
         select o.payment_key from attempts o
         where o.outcome = 'retryable'
           and o.finished_at between a.finished_at - interval '1 minute' and a.finished_at + interval '1 minute'
           and ${met('o.failure')} = ${met('a.failure')}
         limit 50
       ) met) as "paymentsMet",
       -- At most two commands of a payment are at work.
       (select least(count(distinct due.payment_key), 3)::int from (
         select payment_key from commands where offer_at <= capstan_now() + interval '1 minute' limit 6
       ) due) as "paymentsDue"
     from attempts a cross join provider_health h where a.id = $1::bigint`,
    [attemptId, ownReasons],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`attempt ${attemptId} does not exist`);
  return row;
}

/** A person is told of it when it lasts. */
export const TURNED_AWAY_ALARM = '15 minutes';

/** Nobody can say yet why the command's writes are turned away. */
export async function noteTurnedAway(tx: PoolClient, commandId: string): Promise<void> {
  await tx.query(
    `update commands set alarm_at = coalesce(alarm_at, capstan_now() + '${TURNED_AWAY_ALARM}'::interval) where id = $1::uuid`,
    [commandId],
  );
}

/** Since when the writes of the command's step have been turned away; null when its newest one was not, or it is over. */
const SINCE = `(
  select min(a.finished_at) filter (where a.outcome = 'retryable') from attempts a
  where c.status = 'executing' and a.command_id = c.id and a.step = c.steps_done and a.outcome is not null
  having (array_agg(a.outcome order by a.number desc))[1] = 'retryable'
)`;

/** A command whose writes have been turned away for too long. */
export interface TurnedAway {
  commandId: string;
  paymentKey: string;
  conomyId: string | null;
  since: Date;
}

/** Up to `limit` commands that a person may have to be told of, the longest due first. */
export function findTurnedAway(db: Pool, limit: number): Promise<string[]> {
  return findIds(db, 'select id from commands where alarm_at <= capstan_now() order by alarm_at', limit);
}

async function findIds(db: Pool, select: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(`${select} limit $1::integer`, [limit]);
  return rows.map(({ id }) => id);
}

/** Takes those of these commands that nobody else takes, each to be told of once; of those that are due no more none is told. */
export async function takeTurnedAway(tx: PoolClient, ids: readonly string[]): Promise<TurnedAway[]> {
  const { rows } = await tx.query<TurnedAway & { isTold: boolean }>(
    `with due as (
       select c.id, ${SINCE} + '${TURNED_AWAY_ALARM}'::interval as at from (
         select * from commands where id = any($1::uuid[]) and alarm_at <= capstan_now() for update skip locked
       ) c
     )
     update commands c set alarm_at = case when due.at <= capstan_now() then 'infinity' else due.at end
     from due, payments p where c.id = due.id and p.key = c.payment_key
     returning c.id as "commandId", c.payment_key as "paymentKey", p.conomy_id as "conomyId",
       due.at - '${TURNED_AWAY_ALARM}'::interval as since, coalesce(due.at <= capstan_now(), false) as "isTold"`,
    [ids],
  );
  return rows.filter(({ isTold }) => isTold).map(({ isTold: _, ...told }) => told);
}

/** A command that nobody could be told of is taken again later. */
export async function putOffTurnedAway(db: Pool, id: string): Promise<void> {
  await db.query(
    `update commands set alarm_at = capstan_now() + '${TURNED_AWAY_ALARM}'::interval
     where id = $1::uuid and alarm_at <= capstan_now()`,
    [id],
  );
}

/** Up to `limit` commands that were told of and whose writes are not turned away any more. */
export function findTaken(db: Pool, limit: number): Promise<string[]> {
  return findIds(db, `select c.id from commands c where c.alarm_at = 'infinity' and ${SINCE} is null`, limit);
}

/** Takes those of them that nobody else takes, by the key of their payment. */
export async function takeTaken(tx: PoolClient, ids: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ paymentKey: string }>(
    `update commands set alarm_at = null where id in (
       select c.id from commands c where c.id = any($1::uuid[]) and c.alarm_at = 'infinity' and ${SINCE} is null
       for update skip locked
     ) returning payment_key as "paymentKey"`,
    [ids],
  );
  return rows.map(({ paymentKey }) => paymentKey);
}
