import type { Pool, PoolClient } from 'pg';
import type { PauseScope } from '../domain/pause-scope.ts';
import { requestRelease } from './releases.ts';
import { inTransaction } from './transaction.ts';
import { lineFor } from './wait-in-line.ts';

/** Why there is a pause: a person wanted it, or Capstan stopped by itself. */
export type PauseCause = 'operator' | 'credentials_refused' | 'forbidden';

export interface PauseRow {
  id: string;
  scope: PauseScope;
  reason: string;
  cause: PauseCause;
  /** Name of the API key, or `capstan`. */
  pausedBy: string;
  pausedAt: Date;
  liftedBy: string | null;
  liftedAt: Date | null;
}

/** Who appears as the author of what no person did. */
export const CAPSTAN_ITSELF = 'capstan';

const SCOPE = `jsonb_strip_nulls(jsonb_build_object('kind', scope_kind, 'value', scope_value))`;
const COLUMNS = `id, ${SCOPE} as scope, reason, cause, paused_by as "pausedBy", paused_at as "pausedAt",
  lifted_by as "liftedBy", lifted_at as "liftedAt"`;

/** Null when Capstan itself has paused for the same cause already. */
export async function insertPause(
  db: Pool | PoolClient,
  pause: Pick<PauseRow, 'id' | 'scope' | 'reason' | 'cause' | 'pausedBy'>,
): Promise<PauseRow | null> {
  const value = 'value' in pause.scope ? pause.scope.value : null;
  const { rows } = await db.query<PauseRow>(
    `insert into pauses (id, scope_kind, scope_value, reason, cause, paused_by)
     values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text)
     on conflict (cause) where lifted_at is null and cause <> 'operator' do nothing
     returning ${COLUMNS}`,
    [pause.id, pause.scope.kind, value, pause.reason, pause.cause, pause.pausedBy],
  );
  return rows[0] ?? null;
}

/** A pause's place in the list: when it was set, to the microsecond, and its id. */
export interface PausePlace {
  pausedAt: string;
  id: string;
}

/** Up to `limit` pauses in force, oldest first. */
export async function listPauses(
  db: Pool,
  page: { after: PausePlace | null; limit: number },
): Promise<(PauseRow & { place: PausePlace })[]> {
  const { rows } = await db.query<PauseRow & { place: PausePlace }>(
    `select ${COLUMNS}, jsonb_build_object('pausedAt', paused_at, 'id', id) as place from pauses
     where lifted_at is null
       and ($1::timestamptz is null or (paused_at, id) > ($1::timestamptz, $2::uuid))
     order by pauses.paused_at, pauses.id limit $3::integer`,
    [page.after?.pausedAt ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
}

/**
 * The scopes in force, locked against being lifted until the transaction ends: a command that is put off because of
 * one is then seen by whoever lifts it.
 */
export async function lockPauseScopes(tx: PoolClient): Promise<PauseScope[]> {
  const { rows } = await tx.query<{ scope: PauseScope }>(
    `select ${SCOPE} as scope from pauses, ${lineFor('pauses', 'share')}
     where lifted_at is null order by pauses.paused_at, pauses.id for share of pauses`,
  );
  return rows.map(({ scope }) => scope);
}

/**
 * Ends a pause in force and has what waits for one released, but for what is under another pause. Null when no pause in
 * force has this id.
 */
export function liftPause(pool: Pool, id: string, by: string): Promise<PauseRow | null> {
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<PauseRow>(
      `update pauses set lifted_by = $2::text, lifted_at = capstan_now() from ${lineFor('pauses', 'update')}
       where id = $1::uuid and lifted_at is null returning ${COLUMNS}`,
      [id, by],
    );
    if (rows[0]) await requestRelease(tx, 'pause', 'write');
    return rows[0] ?? null;
  });
}

/** The credentials work again: what Capstan had paused for their sake goes on. True when there was such a pause. */
export async function liftCredentialsPause(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from pauses where cause = 'credentials_refused' and lifted_at is null`,
  );
  const [pause] = rows;
  return pause !== undefined && (await liftPause(pool, pause.id, CAPSTAN_ITSELF)) !== null;
}
