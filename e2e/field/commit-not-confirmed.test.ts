import { createHmac } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce } from '../support/batch-run.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase, askInOneSession } from '../support/stack-database.ts';
import { type Standby, startStandby } from '../support/standby.ts';

// Scenario: PostgreSQL waits with each commit for a synchronous standby, which is gone, and somebody ends that wait: the commit is
// made, and PostgreSQL warns that the standby may not have it.
// Goal: nothing is acknowledged on such a commit, and the same key finds it afterwards; nothing is sent twice.

let stack: Stack;
let client: StackClient;
let standby: Standby;

beforeAll(async () => {
  stack = await startTestStack({ postgres: 'own' });
  client = stackClient(stack);
  const { postgres } = stack;
  if (!postgres) throw new Error('the stack has no PostgreSQL of its own');
  standby = await startStandby(postgres.url);
  await askInOneSession(stack, [
    `alter system set synchronous_standby_names to 'standby'`,
    'select pg_reload_conf()',
  ]);
});
afterAll(async () => {
  await askInOneSession(stack, ['alter system reset synchronous_standby_names', 'select pg_reload_conf()']);
  await standby?.stop();
  await stack?.stop();
});

/** Ends the waits of all commits now and as long as `work` is not done. */
async function whileWaitsAreEnded<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const ended = work.finally(() => {
    isDone = true;
  });
  await until(
    async () => {
      await askDatabase(
        stack,
        `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep' and datname = current_database()`,
      );
      return isDone;
    },
    { deadlineMs: 30_000, what: 'the request to be answered' },
  );
  return ended;
}

test('what no standby confirmed is answered 503, and found by its key when the standby is back', {
  timeout: 120_000,
}, async () => {
  const command = collect();
  const key = command.payment.externalId;
  await standby.kill();
  const unconfirmed = await whileWaitsAreEnded(client.send(command, key));
  expect(unconfirmed).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(unconfirmed.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await askDatabase(stack, 'select count(*)::int as count from commands')).toEqual([{ count: 1 }]);
  const webhook = await whileWaitsAreEnded(sendWebhook());
  expect(webhook.status).toBe(503);

  await standby.restart();
  const found = await until(
    async () => {
      const answer = await client.send(command, key);
      return answer.status === 202 && answer;
    },
    { deadlineMs: 30_000, what: 'the command to be found by its key' },
  );
  expect((await sendWebhook()).status).toBe(200);
  const { id } = found.body.command;
  await expectAllSettledOnce(client, { ids: [id], externalIds: [key] }, 60_000);
});

function sendWebhook(): Promise<Response> {
  const body = '{"event":"SOMETHING_NEW","data":{}}';
  const signature = createHmac('sha256', stack.info.webhookSecret).update(body).digest('hex');
  return fetch(`${stack.apis[0]?.url}/webhooks/conomy`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-webhook-signature': signature },
    body,
  });
}
