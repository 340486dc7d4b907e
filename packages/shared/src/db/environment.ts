import type { Pool } from 'pg';

export interface Environment {
  conomyBaseUrl: string;
  conomyClientId: string;
}

/** The database holds the payments of another Conomy environment; writing here would mix two tenants' money. */
export class WrongEnvironmentError extends Error {
  readonly code = 'wrong_environment';

  constructor(stored: Environment, configured: Environment) {
    super(
      `The database belongs to Conomy at ${stored.conomyBaseUrl} with client ${stored.conomyClientId}, but this service is configured for ${configured.conomyBaseUrl} with client ${configured.conomyClientId}. Correct CONOMY_BASE_URL and CONOMY_CLIENT_ID, or give each environment its own DATABASE_URL.`,
    );
    this.name = 'WrongEnvironmentError';
  }
}

/**
 * Remembers the provider's environment at the very first start, and compares at every later one.
 * @throws {WrongEnvironmentError} when the database belongs to another environment.
 */
export async function assertEnvironment(pool: Pool, configured: Environment): Promise<void> {
  await pool.query(
    `insert into environment (conomy_base_url, conomy_client_id) values ($1::text, $2::text)
     on conflict (only_row) do nothing`,
    [configured.conomyBaseUrl, configured.conomyClientId],
  );
  const { rows } = await pool.query<Environment>(
    'select conomy_base_url as "conomyBaseUrl", conomy_client_id as "conomyClientId" from environment',
  );
  const stored = rows[0];
  if (!stored) throw new Error('the environment row vanished between two statements');
  if (
    stored.conomyBaseUrl !== configured.conomyBaseUrl ||
    stored.conomyClientId !== configured.conomyClientId
  ) {
    throw new WrongEnvironmentError(stored, configured);
  }
}
