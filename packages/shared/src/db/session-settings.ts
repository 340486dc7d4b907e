import type { ClientBase } from 'pg';

interface SessionSetting {
  name: string;
  /** What is set when what the server, database or role sets is not fine. */
  value: string;
  /** A regular expression of all that is fine. */
  fine: string;
}

const only = (name: string, value: string): SessionSetting => ({ name, value, fine: `^${value}$` });

/**
 * What the code relies on in every session. The limits bound every wait; the styles are those in which the driver reads; the time
 * zone is that of days; a warning that nobody is sent would be an acknowledged commit that is none.
 */
const SESSION_SETTINGS: readonly SessionSetting[] = [
  only('client_encoding', 'UTF8'),
  { name: 'client_min_messages', value: 'notice', fine: '^(debug[1-5]|log|notice|warning)$' },
  { name: 'DateStyle', value: 'ISO, MDY', fine: '^ISO' },
  only('default_transaction_isolation', 'read committed'),
  { name: 'extra_float_digits', value: '1', fine: '^[1-3]$' },
  only('idle_in_transaction_session_timeout', '15s'),
  only('idle_session_timeout', '0'),
  only('IntervalStyle', 'postgres'),
  only('lock_timeout', '0'),
  only('standard_conforming_strings', 'on'),
  only('statement_timeout', '15s'),
  { name: 'synchronous_commit', value: 'on', fine: '^(?!off$)' },
  { name: 'TimeZone', value: 'UTC', fine: '^(Etc/)?UTC$' },
  only('transaction_timeout', '0'),
];

const WANTED = [
  SESSION_SETTINGS.map(({ name }) => name),
  SESSION_SETTINGS.map(({ value }) => value),
  SESSION_SETTINGS.map(({ fine }) => fine),
];
/** What this server does not know, as an older one may not, is null and passed over. */
const NOT_FINE = `from unnest($1::text[], $2::text[], $3::text[]) as wanted(name, value, fine)
  where current_setting(name, true) !~ fine`;

/** Sets them for as long as the connection lives, so that nobody's defaults matter. */
export async function takeSettings(client: ClientBase): Promise<void> {
  await ask(client, `select set_config(name, value, false) ${NOT_FINE}`);
}

/** Those that do not hold on this connection, as `alter role` would set them. */
export async function findWrongSettings(client: ClientBase): Promise<{ name: string; value: string }[]> {
  return (await ask(client, `select name, value ${NOT_FINE} order by name`)).rows;
}

/** Never by a prepared statement: a pooler may not be able to keep one, which is found out afterwards. */
function ask(client: ClientBase, text: string) {
  return client.query<{ name: string; value: string }>({ text, values: WANTED });
}
