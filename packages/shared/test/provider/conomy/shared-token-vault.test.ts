import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { until } from '../../../../testing/src/until.ts';
import { sharedTokenVault } from '../../../src/provider/conomy/shared-token-vault.ts';
import { createTokenSource, type FetchToken } from '../../../src/provider/conomy/token.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { openDatabaseFixture } from '../../database-fixture.ts';

const log = createLogger('test', 'fatal');
let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;

beforeAll(async () => {
  fixture = await openDatabaseFixture({ max: 30 });
});
afterAll(() => fixture.close());
afterEach(() =>
  fixture.pool.query(
    'update provider_token set generation = 0, sealed = null, expires_at = null, failed_at = null, failure = null',
  ),
);

/** A provider's `/auth` that counts its calls and holds the answers until told. */
function auth(answer: () => Awaited<ReturnType<FetchToken>>) {
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const fetch: FetchToken = async () => {
    calls += 1;
    await gate.promise;
    return answer();
  };
  return { fetch, calls: () => calls, answerAll: () => gate.resolve() };
}

const vault = (secret = 'the-secret') => sharedTokenVault(fixture.pool, secret, log);
const never = new AbortController().signal;

async function waitingForTheRow(): Promise<number> {
  const { rows } = await fixture.pool.query<{ waiting: number }>(
    `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}

test('200 workers of ten processes that wait for a token cost one call of /auth', async () => {
  const provider = auth(() => ({ ok: true, accessToken: 'shared-token', expiresInSeconds: 3_600 }));
  const processes = Array.from({ length: 10 }, () => createTokenSource(provider.fetch, Date, vault()));
  const waiting = processes.flatMap((tokens) => Array.from({ length: 20 }, () => tokens.current(never)));
  provider.answerAll();
  const results = await Promise.all(waiting);
  expect(results.every((result) => result.ok && result.token.value === 'shared-token')).toBe(true);
  expect(provider.calls()).toBe(1);
});

test('a revoked token is renewed once for all processes that were refused with it', async () => {
  let issued = 0;
  const provider = auth(() => ({ ok: true, accessToken: `token-${++issued}`, expiresInSeconds: 3_600 }));
  provider.answerAll();
  const processes = Array.from({ length: 10 }, () => createTokenSource(provider.fetch, Date, vault()));
  const first = await Promise.all(processes.map((tokens) => tokens.current(never)));
  const renewed = await Promise.all(
    processes.map((tokens, nth) => {
      const refused = first[nth];
      if (!refused?.ok) throw new Error('no token to be refused with');
      return tokens.renewed(refused.token, never);
    }),
  );
  expect(renewed.map((result) => result.ok && result.token.value)).toEqual(Array(10).fill('token-2'));
  expect(provider.calls()).toBe(2);
});

test('a renewal that fails is shared by all who waited for it, and tried again by whoever comes later', async () => {
  const provider = auth(() => ({ ok: false, failure: { stage: 'not_sent', reason: 'token_unavailable' } }));
  const waiting = Array.from({ length: 10 }, () => vault().renew(0, provider.fetch));
  await until(async () => (await waitingForTheRow()) === 9, {
    deadlineMs: 10_000,
    what: 'nine wait while the tenth asks',
  });
  provider.answerAll();
  const results = await Promise.all(waiting);
  expect(results.every((result) => !result.ok && result.failure.reason === 'token_unavailable')).toBe(true);
  expect(provider.calls()).toBe(1);
  await vault().renew(0, provider.fetch);
  expect(provider.calls()).toBe(2);
});

test('refused credentials are not offered again at once', async () => {
  const provider = auth(() => ({ ok: false, failure: { stage: 'not_sent', reason: 'credentials_refused' } }));
  provider.answerAll();
  for (let nth = 0; nth < 5; nth++) {
    expect(await vault().renew(0, provider.fetch)).toMatchObject({
      failure: { reason: 'credentials_refused' },
    });
  }
  expect(provider.calls()).toBe(1);
});

test('credentials that were refused before the clock was set back are offered again', async () => {
  const provider = auth(() => ({ ok: false, failure: { stage: 'not_sent', reason: 'credentials_refused' } }));
  provider.answerAll();
  await vault().renew(0, provider.fetch);
  await fixture.pool.query(`update provider_token set failed_at = failed_at + interval '1 hour'`);
  await vault().renew(0, provider.fetch);
  expect(provider.calls()).toBe(2);
});

test('the database holds no token that can be used without the client secret', async () => {
  const provider = auth(() => ({ ok: true, accessToken: 'a-bearer-token', expiresInSeconds: 3_600 }));
  provider.answerAll();
  await vault().renew(0, provider.fetch);
  const { rows } = await fixture.pool.query<{ sealed: Buffer }>('select sealed from provider_token');
  expect(rows[0]?.sealed.toString('latin1')).not.toContain('a-bearer-token');
  expect(await vault('another-secret').renew(0, provider.fetch)).toMatchObject({ ok: true });
  expect(provider.calls()).toBe(2);
});
