import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Pool } from '../../db/pool.ts';
import { type StoredToken, storeToken, storeTokenFailure, withTokenRow } from '../../db/provider-token.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type FetchToken, lifetimeOf, type RenewedToken, type TokenVault } from './token.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Refused credentials are not offered again before; a person has to mend them. */
const REFUSED_AGAIN_MS = 10_000;

/**
 * One token for all processes, kept in PostgreSQL under a row lock: whoever needs a later one first fetches it, and
 * those who waited for the row find it there, or share the failure. It is sealed with a key made from the client
 * secret, which all of them have and the database has not.
 */
export function sharedTokenVault(pool: Pool, clientSecret: string, log: Logger): TokenVault {
  const key = Buffer.from(hkdfSync('sha256', clientSecret, '', 'capstan provider token', 32));
  return {
    renew: async (known, fetch) => {
      try {
        return await renewInTurn(pool, key, known, fetch);
      } catch (error) {
        log.warn(
          { event: 'token.not_shared', err: error },
          'the shared token could not be had from the database',
        );
        return { ok: false, failure: { stage: 'not_sent', reason: 'token_unavailable' } };
      }
    },
  };
}

/** The fetch runs inside the transaction that holds the row: that is what makes it the only one. */
function renewInTurn(pool: Pool, key: Buffer, known: number, fetch: FetchToken): Promise<RenewedToken> {
  return withTokenRow(pool, async (tx, stored) => {
    const later = laterToken(stored, key, known);
    if (later !== null) return later;
    const shared = sharedFailure(stored);
    if (shared !== null) return { ok: false, failure: shared };
    const fetched = await fetch();
    if (!fetched.ok) {
      await storeTokenFailure(tx, fetched.failure);
      return fetched;
    }
    const livesMs = lifetimeOf(fetched);
    const generation = await storeToken(tx, { sealed: seal(key, fetched.accessToken), livesMs });
    return { ok: true, token: { value: fetched.accessToken, generation }, livesMs };
  });
}

function laterToken(stored: StoredToken, key: Buffer, known: number): RenewedToken | null {
  const { generation, sealed, livesMs } = stored;
  if (generation <= known || sealed === null || livesMs === null || livesMs - stored.waitedMs <= 0)
    return null;
  const value = unseal(key, sealed);
  return value === null
    ? null
    : { ok: true, token: { value, generation }, livesMs: livesMs - stored.waitedMs };
}

function sharedFailure({ failure, failedMsAgo, waitedMs }: StoredToken) {
  if (failure === null || failedMsAgo === null) return null;
  const againMs = failure.reason === 'credentials_refused' ? REFUSED_AGAIN_MS : 0;
  // What seems to lie ahead was long ago when the clock was set back since.
  return Math.abs(failedMsAgo) < Math.max(waitedMs, againMs) ? failure : null;
}

function seal(key: Buffer, value: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv);
  return Buffer.concat([iv, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Null for a token sealed with another client secret, as after the secret was changed. */
function unseal(key: Buffer, sealed: Buffer): string | null {
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, IV_BYTES));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
