/** The queue board: who gets in, and what it shows before and after the queue is reached. */
import { openSender } from '@capstan/shared/queue/sender';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createTestDatabase } from '@capstan/testing/test-database';
import { createTestQueue } from '@capstan/testing/test-queue';
import { afterEach, expect, test } from 'vitest';
import { type ApiFixture, openApi, send } from './api-fixture.ts';

const BOARD = { admin: 'password-of-admin', viewer: 'password-of-viewer' };
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

let api: ApiFixture;

afterEach(() => api.close());

const openBoard = (url: string, headers: Record<string, string>) =>
  send(api.app, { method: 'GET', url: `/admin/queues${url}`, headers });

test('nobody gets in without the right password', async () => {
  api = await openApi({ board: BOARD });
  for (const headers of [
    {},
    basic('admin', BOARD.viewer),
    basic('viewer', BOARD.admin),
    basic('admin', ''),
    basic('root', BOARD.admin),
  ]) {
    const answer = await openBoard('/', headers as Record<string, string>);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Basic');
  }
  expect((await openBoard('/api/queues', {})).status).toBe(401);
});

test('without a viewer password there is no viewer', async () => {
  api = await openApi({ board: { ...BOARD, viewer: null } });

  expect((await openBoard('/', basic('viewer', ''))).status).toBe(401);
});

test('without a password there is no board', async () => {
  api = await openApi();

  expect((await openBoard('/', basic('admin', BOARD.admin))).status).toBe(404);
});

test('the board says so while the queue has not been reached, and shows the three queues once it has', async () => {
  const database = await createTestDatabase();
  const queue = await createTestQueue(database.url);
  const log = createLogger('test', 'silent');
  const held = { reached: false };
  const senders = {
    commands: openSender('commands', queue.url, log),
    deliveries: openSender('deliveries', queue.url, log),
    reads: openSender('reads', queue.url, log),
  };
  const whenReached = <T extends { queue(): unknown }>(sender: T): T => ({
    ...sender,
    queue: () => (held.reached ? sender.queue() : null),
  });
  api = await openApi({
    board: BOARD,
    queues: {
      commands: whenReached(senders.commands),
      deliveries: whenReached(senders.deliveries),
      reads: whenReached(senders.reads),
    },
  });
  const unreached = await openBoard('/', basic('admin', BOARD.admin));
  expect(unreached).toMatchObject({ status: 503, body: expect.stringContaining('not been reached') });

  await expect
    .poll(() => Object.values(senders).every((sender) => sender.queue() !== null), { timeout: 20_000 })
    .toBe(true);
  held.reached = true;
  expect((await openBoard('/', basic('admin', BOARD.admin))).body).toContain('Capstan queues');
  const list = await openBoard('/api/queues', basic('viewer', BOARD.viewer));
  expect(list.body.queues.map(({ name }: { name: string }) => name)).toEqual([
    '{capstan-commands}',
    '{capstan-deliveries}',
    '{capstan-reads}',
  ]);
  // The mark of the queue's generation is no work, so nobody sees or counts it.
  await senders.reads.generationAgeMs();
  const reads = encodeURIComponent('{capstan-reads}');
  const admin = basic('admin', BOARD.admin);
  const delayed = await openBoard(
    `/api/queues?activeQueue=${reads}&status=delayed&page=1&jobsPerPage=10`,
    admin,
  );
  const [, , shown] = delayed.body.queues;
  expect(shown).toMatchObject({ name: '{capstan-reads}', jobs: [], counts: { delayed: 0 } });
  expect((await openBoard(`/api/queues/${reads}/generation`, admin)).status).toBe(404);
  expect(await senders.reads.queue()?.getDelayedCount()).toBe(1);

  for (const queue of list.body.queues)
    expect(queue).toMatchObject({ readOnlyMode: true, allowRetries: false });
  const writes = [
    'PUT pause',
    'PUT resume',
    'PUT obliterate',
    'PUT empty',
    'PUT promote',
    'PUT retry/failed',
    'POST add',
  ];
  for (const user of ['admin', 'viewer'] as const)
    for (const write of writes) {
      const [method = '', path] = write.split(' ');
      const url = `/admin/queues/api/queues/${reads}/${path}`;
      const headers = basic(user, BOARD[user]);
      const answer = await send(api.app, { method: method as 'PUT', url, headers });
      expect([user, write, answer.status, answer.headers.allow]).toEqual([user, write, 405, 'GET, HEAD']);
    }
  const allPaused = { method: 'PUT' as const, url: '/admin/queues/api/queues/pause', headers: admin };
  expect((await send(api.app, allPaused)).status).toBe(405);
  expect(await senders.reads.queue()?.isPaused()).toBe(false);

  const page = await openBoard('/', admin);
  expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page.headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' });
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  expect(page.headers['content-security-policy']).not.toMatch(/https?:|\*/);

  for (const sender of Object.values(senders)) await sender.close();
  await queue.stop();
  await database.drop();
});
