import type { Pool, PoolClient } from 'pg';
import type { ProviderFailure } from '../provider/payment-provider.ts';
import { storableJson } from './storable-text.ts';
import { inTransaction } from './transaction.ts';

/** The shared token as stored: sealed, with its life by the database clock. */
export interface StoredToken {
  generation: number;
  sealed: Buffer | null;
  /** Milliseconds left; null when none is stored. */
  livesMs: number | null;
  /** The newest renewal that failed, and how long ago. */
  failure: ProviderFailure | null;
  failedMsAgo: number | null;
  /** How long this process waited for the row: a renewal that failed meanwhile was made for it too. */
  waitedMs: number;
}

/** Holds the only row for as long as `work` runs: whoever comes meanwhile waits, and finds what was brought. */
export function withTokenRow<T>(
  pool: Pool,
  work: (tx: PoolClient, stored: StoredToken) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, async (tx) => {
    const began = await tx.query<{ at: string }>('select capstan_now()::text as at');
    const { rows } = await tx.query<StoredToken>(
      `select generation, sealed, (extract(epoch from expires_at - capstan_now()) * 1000)::float8 as "livesMs", failure,
         (extract(epoch from capstan_now() - failed_at) * 1000)::float8 as "failedMsAgo"
       from provider_token for update`,
    );
    // A statement that waited for the lock still has the time at which it began.
    const waited = await tx.query<{ ms: number }>(
      `select (extract(epoch from capstan_now() - $1::timestamptz) * 1000)::float8 as ms`,
      [began.rows[0]?.at],
    );
    const [stored] = rows;
    if (stored === undefined)
      throw new Error('provider_token has lost its only row; put it back with its defaults');
    const waitedMs = waited.rows[0]?.ms ?? 0;
    const failedMsAgo = stored.failedMsAgo === null ? null : stored.failedMsAgo + waitedMs;
    return work(tx, { ...stored, failedMsAgo, waitedMs });
  });
}

export async function storeToken(
  tx: PoolClient,
  token: { sealed: Buffer; livesMs: number },
): Promise<number> {
  const { rows } = await tx.query<{ generation: number }>(
    `update provider_token set generation = generation + 1, sealed = $1::bytea, failed_at = null, failure = null,
       expires_at = capstan_now() + $2::float8 * interval '1 millisecond'
     returning generation`,
    [token.sealed, token.livesMs],
  );
  return rows[0]?.generation ?? 0;
}

export async function storeTokenFailure(tx: PoolClient, failure: ProviderFailure): Promise<void> {
  await tx.query('update provider_token set failed_at = capstan_now(), failure = $1::jsonb', [
    storableJson(failure),
  ]);
}
