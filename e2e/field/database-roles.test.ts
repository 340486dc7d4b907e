import { randomBytes } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { createLifecycle } from '@capstan/shared/process/lifecycle';
import { openDatabase } from '@capstan/shared/process/open-database';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { stackClient } from '../support/stack-client.ts';
import { askDatabase, askInOneSession } from '../support/stack-database.ts';

// Scenario: the services work as a role that has the grants of the page and owns nothing; its logins are members of it.
// Goal: that is enough, and a second login replaces the first one without a grant or a gap.

const PASSWORD = randomBytes(8).toString('hex');

let stack: Stack;
let urlOf: (role: string) => string;

beforeAll(async () => {
  stack = await startTestStack({
    capturers: 2,
    postgres: 'own',
    databaseEnv: async (databaseUrl) => {
      urlOf = (role) => {
        const url = new URL(databaseUrl);
        url.username = role;
        url.password = PASSWORD;
        return url.href;
      };
      await askInOneSession({ databaseUrl }, [
        'revoke all on schema public from public',
        'create role capstan_run nologin',
        'grant usage on schema public to capstan_run',
        'grant select, insert, update, delete on all tables in schema public to capstan_run',
        'grant usage, select on all sequences in schema public to capstan_run',
        `create role capstan_a login password '${PASSWORD}' in role capstan_run`,
      ]);
      return { DATABASE_URL: urlOf('capstan_a') };
    },
  });
});
afterAll(() => stack?.stop());

test('the grants of a running role are enough to settle commands', { timeout: 120_000 }, async () => {
  const client = stackClient(stack);
  const batch = await sendCollects(client, 40);
  await expectAllSettledOnce(client, batch, 90_000);
  const [owned] = await askDatabase(
    stack,
    `select count(*)::int as count from pg_class where relowner = 'capstan_a'::regrole`,
  );
  expect(owned).toEqual({ count: 0 });
});

test('a second login of the role starts beside the first, which then goes', async () => {
  await askDatabase(stack, `create role capstan_b login password '${PASSWORD}' in role capstan_run`);
  const log = createLogger('test', 'fatal');
  const lifecycle = createLifecycle(log);
  const config = {
    DATABASE_URL: urlOf('capstan_b'),
    DATABASE_DIRECT_URL: '',
    DATABASE_STATEMENTS: 'named' as const,
    CONOMY_BASE_URL: stack.info.conomy.baseUrl,
    CONOMY_CLIENT_ID: stack.info.conomy.clientId,
  };
  const pool = await openDatabase(config, { name: 'test', connectionsMax: 2 }, log, lifecycle);
  const services = [...stack.apis, ...stack.capturers, ...stack.reconcilers];
  for (const service of services) await service.stop();
  await askDatabase(stack, 'drop role capstan_a');
  const { rows } = await pool.query(
    `select count(*)::int > 0 as some from commands where status = 'succeeded'`,
  );
  expect(rows).toEqual([{ some: true }]);
  await lifecycle.stop();
});
