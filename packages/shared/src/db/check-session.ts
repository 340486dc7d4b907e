import pg from 'pg';
import type { Statements } from './client.ts';
import type { Pool } from './pool.ts';
import { findWrongSettings } from './session-settings.ts';

/** The way to PostgreSQL does not keep what the code relies on; says what to change. */
export class SessionNotKeptError extends Error {
  readonly code = 'session_not_kept';

  constructor(message: string) {
    super(message);
    this.name = 'SessionNotKeptError';
  }
}

/** A pooler gives the connection that was free last to whoever asks next, so one look as a rule is enough. */
const LOOKS = 3;

/**
 * Refuses an address at which each transaction is in another session, as behind PgBouncer in transaction mode. With `named` statements all
 * work needs one that stays, else only what listens.
 * @throws {SessionNotKeptError}
 */
export async function assertSessionIsKept(url: string, statements: Statements): Promise<void> {
  if (!(await sharesSessions(url))) return;
  throw new SessionNotKeptError(
    statements === 'named'
      ? 'DATABASE_URL goes through a pooler (such as PgBouncer) in transaction mode, which gives each transaction another session. Use the pooler in session mode; or set DATABASE_STATEMENTS=unnamed, and DATABASE_DIRECT_URL to PostgreSQL itself.'
      : 'DATABASE_DIRECT_URL, or DATABASE_URL when it is not set, goes through a pooler (such as PgBouncer) in transaction mode, which gives each transaction another session. Set DATABASE_DIRECT_URL to PostgreSQL itself, or to a pooler in session mode.',
  );
}

async function sharesSessions(url: string): Promise<boolean> {
  const clients = [connectTo(url), connectTo(url)] as const;
  try {
    for (const client of clients) await client.connect();
    for (let look = 0; look < LOOKS; look++) {
      const [first, other, again] = [
        await sessionOf(clients[0]),
        await sessionOf(clients[1]),
        await sessionOf(clients[0]),
      ];
      if (first === other || first !== again) return true;
    }
    return false;
  } finally {
    for (const client of clients) await client.end().catch(() => {});
  }
}

function connectTo(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'capstan-start',
    connectionTimeoutMillis: 3_000,
    query_timeout: 5_000,
  });
  client.on('error', () => {});
  return client;
}

async function sessionOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

/**
 * Reads back through the pool what a session of it is to be like.
 * @throws {SessionNotKeptError} naming each setting that does not hold, and what sets it.
 */
export async function assertSettingsHold(pool: Pool, statements: Statements): Promise<void> {
  const client = await pool.connect();
  try {
    const wrong = await findWrongSettings(client);
    if (wrong.length === 0) return;
    const { rows } = await client.query<{ role: string }>('select quote_ident(current_user) as role');
    const repair = wrong.map(({ name, value }) => `alter role ${rows[0]?.role} set ${name} to '${value}';`);
    throw new SessionNotKeptError(
      statements === 'unnamed'
        ? `With DATABASE_STATEMENTS=unnamed a pooler (such as PgBouncer) may give each transaction another session, so their settings come from the role. Run ${repair.join(' ')} Then have the pooler connect anew (PgBouncer: RECONNECT).`
        : `What was set on a connection of DATABASE_URL does not hold (${wrong.map(({ name }) => name).join(', ')}): a pooler (such as PgBouncer) takes it back. Let it keep a session's settings, or run ${repair.join(' ')}`,
    );
  } finally {
    client.release();
  }
}
