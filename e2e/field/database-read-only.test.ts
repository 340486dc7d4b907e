import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedOf, expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase, askInOneSession } from '../support/stack-database.ts';

// Scenario: PostgreSQL is read-only for a while, as a demoted primary is whose connections stay open, in the middle of the work.
// Goal: meanwhile whoever wants to write is told to come again and nobody is ready; it heals by itself, and nothing is lost or doubled.

const HEALED_MS_MAX = 30_000;

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({ capturers: 2, postgres: 'own' });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

const changes = {
  'by a setting that all connections take at once': {
    begin: ['alter system set default_transaction_read_only to on', 'select pg_reload_conf()'],
    end: [
      'set default_transaction_read_only to off',
      'alter system reset default_transaction_read_only',
      'select pg_reload_conf()',
    ],
  },
  // Those made meanwhile would stay read-only for as long as they live.
  'by a setting that a connection has for as long as it lives': {
    begin: [
      `do $$ begin execute format('alter database %I set default_transaction_read_only to on', current_database()); end $$`,
      `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`,
    ],
    end: [
      'set default_transaction_read_only to off',
      `do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$`,
    ],
  },
};

test.each(Object.entries(changes))(
  'a PostgreSQL that is read-only for a while %s only makes everybody wait',
  {
    timeout: 200_000,
  },
  async (_how, { begin, end }) => {
    const batch = await sendCollects(client, 100);
    await until(async () => (await capturedOf(client, batch)) >= 10, {
      deadlineMs: 60_000,
      what: 'a part of the commands to be captured',
    });
    await askInOneSession(stack, begin);
    const late = collect();
    const refused = await client.send(late, late.payment.externalId);
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const services = [...stack.apis, ...stack.capturers, ...stack.reconcilers];
    const readiness = () =>
      Promise.all(services.map(async ({ url }) => (await fetch(`${url}/readyz`)).status));
    expect(await readiness()).toEqual(services.map(() => 503));

    await askInOneSession(stack, end);
    await until(async () => (await readiness()).every((status) => status === 200), {
      deadlineMs: HEALED_MS_MAX,
      what: 'every service to be ready again',
    });
    const accepted = await until(
      async () => {
        const answer = await client.send(late, late.payment.externalId);
        return answer.status === 202 && answer;
      },
      { deadlineMs: HEALED_MS_MAX, what: 'the refused command to be accepted' },
    );
    batch.ids.push(accepted.body.command.id);
    batch.externalIds.push(late.payment.externalId);
    await expectAllSettledOnce(client, batch, 120_000);
    const [aside] = await askDatabase(
      stack,
      `select count(*)::int as faults from payments where read_faults > 0`,
    );
    expect(aside).toEqual({ faults: 0 });
  },
);
