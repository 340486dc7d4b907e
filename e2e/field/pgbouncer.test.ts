import type { Stack } from '@capstan/local-stack/stack';
import { createLifecycle } from '@capstan/shared/process/lifecycle';
import { openDatabase } from '@capstan/shared/process/open-database';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createTestDatabase, type TestDatabase } from '@capstan/testing/test-database';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterEach, describe, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type PgBouncer, pgbouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { stackClient } from '../support/stack-client.ts';
import { askInOneSession } from '../support/stack-database.ts';

// Scenario: PgBouncer stands before PostgreSQL, in either mode.
// Goal: set up as the page says everything works; set up otherwise no service starts, and the refusal names the pooler.

/** What a session is to be like, from the role; here from the database, since the role is shared with other tests. */
const SETTINGS = [
  "TimeZone to 'UTC'",
  "statement_timeout to '15s'",
  "idle_in_transaction_session_timeout to '15s'",
];
const inDatabase = (settings: readonly string[]) =>
  settings.map(
    (setting) =>
      `do $do$ begin execute format($f$alter database %I set ${setting}$f$, current_database()); end $do$`,
  );

describe.skipIf(!pgbouncer.run)(`PgBouncer ${pgbouncer.reason}`.trimEnd(), () => {
  const started: { stop(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  });

  const startBouncer = async (url: string, mode: 'session' | 'transaction'): Promise<PgBouncer> => {
    const bouncer = await startPgBouncer(url, mode);
    started.push(bouncer);
    return bouncer;
  };

  async function expectCommandsToSettle(stack: Stack) {
    const client = stackClient(stack);
    const batch = await sendCollects(client, 60);
    await expectAllSettledOnce(client, batch, 120_000);
  }

  test('in session mode needs no setting', { timeout: 180_000 }, async () => {
    const stack = await startTestStack({
      capturers: 2,
      databaseEnv: async (url) => ({ DATABASE_URL: (await startBouncer(url, 'session')).through(url) }),
    });
    started.push(stack);
    await expectCommandsToSettle(stack);
  });

  test('in transaction mode works with unnamed statements, a direct address and the settings of the role', {
    timeout: 180_000,
  }, async () => {
    const stack = await startTestStack({
      capturers: 2,
      databaseEnv: async (url) => {
        await askInOneSession({ databaseUrl: url }, inDatabase(SETTINGS));
        return {
          DATABASE_URL: (await startBouncer(url, 'transaction')).through(url),
          DATABASE_DIRECT_URL: url,
          DATABASE_STATEMENTS: 'unnamed',
        };
      },
    });
    started.push(stack);
    await expectCommandsToSettle(stack);
  });

  describe('in transaction mode', () => {
    async function openThrough(
      database: TestDatabase,
      env: (url: string) => { DATABASE_DIRECT_URL?: string; DATABASE_STATEMENTS?: 'named' | 'unnamed' },
    ) {
      const through = (await startBouncer(database.url, 'transaction')).through(database.url);
      const log = createLogger('test', 'fatal');
      const lifecycle = createLifecycle(log);
      const config = {
        DATABASE_URL: through,
        DATABASE_DIRECT_URL: '',
        DATABASE_STATEMENTS: 'named' as const,
        CONOMY_BASE_URL: 'https://conomy.test/api',
        CONOMY_CLIENT_ID: 'tenant',
        ...env(through),
      };
      try {
        await openDatabase(config, { name: 'test', connectionsMax: 2 }, log, lifecycle);
      } finally {
        await lifecycle.stop();
      }
    }

    async function openedDatabase(): Promise<TestDatabase> {
      const database = await createTestDatabase();
      started.push({ stop: () => database.drop() });
      return database;
    }

    test('no service starts with prepared statements, and the refusal names the pooler', async () => {
      await expect(openThrough(await openedDatabase(), () => ({}))).rejects.toThrow(
        /DATABASE_URL goes through a pooler.*transaction mode.*DATABASE_STATEMENTS=unnamed/,
      );
    });

    test('no service starts when the role does not set what the code relies on; what does is said', async () => {
      const database = await openedDatabase();
      const env = { DATABASE_STATEMENTS: 'unnamed' as const, DATABASE_DIRECT_URL: database.url };
      await expect(openThrough(database, () => env)).rejects.toThrow(
        /pooler.*alter role postgres set idle_in_transaction_session_timeout to '15s'; alter role postgres set statement_timeout/,
      );
    });

    test.each(['', 'through it'])('no service starts when the direct address is %j', async (direct) => {
      const database = await openedDatabase();
      await askInOneSession({ databaseUrl: database.url }, inDatabase(SETTINGS));
      await expect(
        openThrough(database, (url) => ({
          DATABASE_STATEMENTS: 'unnamed',
          DATABASE_DIRECT_URL: direct === '' ? '' : url,
        })),
      ).rejects.toThrow(/DATABASE_DIRECT_URL, or DATABASE_URL when it is not set, goes through a pooler/);
    });

    test('no service starts when the direct address is that of another environment', async () => {
      const [database, other] = [await openedDatabase(), await openedDatabase()];
      await askInOneSession({ databaseUrl: database.url }, inDatabase(SETTINGS));
      await askInOneSession({ databaseUrl: other.url }, [
        `insert into environment (conomy_base_url, conomy_client_id) values ('https://elsewhere.test/api', 'tenant')`,
      ]);
      await expect(
        openThrough(database, () => ({ DATABASE_STATEMENTS: 'unnamed', DATABASE_DIRECT_URL: other.url })),
      ).rejects.toThrow(/belongs to Conomy at https:\/\/elsewhere.test/);
    });
  });
});
