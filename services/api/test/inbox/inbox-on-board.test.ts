/** The queue board shows how the queue door does, and nothing of what its jobs carry. */
import { createLogger } from '@capstan/shared/telemetry/logger';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInbox } from '../../src/inbox/inbox.ts';
import { type ApiFixture, createCommand, openApi, send } from '../api-fixture.ts';
import { type InboxFixture, openInboxFixture } from './inbox-fixture.ts';

const PASSWORD = 'password-of-admin';
const MARKER = 'marker-of-the-data';

let inbox: InboxFixture;
let api: ApiFixture;
let shown: ReturnType<typeof openInbox>;
beforeAll(async () => {
  inbox = await openInboxFixture();
  shown = openInbox(inbox.queueUrl, createLogger('test', 'silent'));
  await until(() => shown.queue(), { deadlineMs: 10_000, what: 'the board to reach the queue' });
  api = await openApi({ board: { admin: PASSWORD, viewer: null }, inbox: shown });
});
afterAll(async () => {
  await shown.close();
  await api.close();
  await inbox.close();
});

const onBoard = (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) =>
  send(api.app, {
    method,
    url: `/admin/queues/api/queues${path}`,
    headers: { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` },
    ...(payload ? { payload } : {}),
  });

test('a waiting job is counted, and neither its data nor its name are shown', async () => {
  const { id } = await inbox.producer.add(MARKER, {
    idempotencyKey: 'waiting',
    ...createCommand({ externalId: MARKER }),
  });
  const list = await onBoard('GET', '?activeQueue=capstan-inbox&status=latest&page=1&jobsPerPage=10');
  const page = await onBoard('GET', `/capstan-inbox/${id}`);
  expect([list.status, page.status]).toEqual([200, 200]);
  const [door] = list.body.queues.filter(({ name }: { name: string }) => name === 'capstan-inbox');
  expect(door).toMatchObject({ counts: { waiting: 1 }, jobs: [{ data: 'not shown' }] });
  expect(JSON.stringify([list.body, page.body])).not.toContain(MARKER);
});

test('nobody adds, retries or pauses here: the jobs are their producers', async () => {
  const answers = [
    await onBoard('POST', '/capstan-inbox/add', { name: 'any', data: {}, options: {} }),
    await onBoard('PUT', '/capstan-inbox/pause'),
    await onBoard('PUT', '/capstan-inbox/clean/completed'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([405, 405, 405]);
  expect(await inbox.producer.isPaused()).toBe(false);
});
