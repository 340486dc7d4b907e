import { afterEach, expect, test } from 'vitest';
import { type ApiFixture, createCommand, get, openApi, postCommand, SECRETS } from './api-fixture.ts';

let api: ApiFixture | undefined;
afterEach(() => api?.close());

test('a key beyond its requests per second is refused, writes nothing and is told when to come back', async () => {
  api = await openApi({ requestsPerSecond: 3 });
  const { app } = api;
  const answers = [];
  for (let n = 0; n < 3; n++) answers.push(await get(app, '/v1/commands', SECRETS.all));
  const refused = await postCommand(app, createCommand(), 'key-1');

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', status: 429 } });
  expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(await api.countRows()).toMatchObject({ commands: 0, payments: 0 });
});

test('one key does not use up what another may send', async () => {
  api = await openApi({ requestsPerSecond: 1 });
  const first = await get(api.app, '/v1/commands', SECRETS.read);
  const other = await get(api.app, '/v1/commands', SECRETS.all);

  expect([first.status, other.status]).toEqual([200, 200]);
});
