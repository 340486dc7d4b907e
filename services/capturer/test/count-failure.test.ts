import { findAttemptsOfCommand } from '@capstan/shared/db/attempts';
import { findCommand } from '@capstan/shared/db/commands';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';
import { until } from '@capstan/testing/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { FAILURES_MAX } from '../src/decide-next.ts';
import { executeCommand } from '../src/execute-command.ts';
import { type CapturerFixture, insertCreate, openCapturerFixture } from './capturer-fixture.ts';

// Scenario: writes end with certainty without effect, of one command alone or of many at once.
// Goal: five of one command alone park it, and no storm does, however long it lasts.

let fixture: CapturerFixture;
/** The externalIds whose creates are turned away. */
let turnedAway: Set<string>;
let failure: ProviderFailure;
let context: CapturerContext;

const TOO_MANY: ProviderFailure = { stage: 'answered', reason: 'http_429', httpStatus: 429, retryAfterMs: 1 };
const NOT_SENT: ProviderFailure = { stage: 'not_sent', reason: 'connect_refused' };

beforeEach(async () => {
  fixture = await openCapturerFixture({ regulated: true });
  turnedAway = new Set();
  const { provider, gate } = fixture.context;
  context = {
    ...fixture.context,
    provider: {
      ...provider,
      createPayment: async (body, options) => {
        const { externalId } = JSON.parse(body);
        if (!turnedAway.has(externalId)) return provider.createPayment(body, options);
        gate.ended({ kind: 'write', payment: externalId }, failure);
        return { ok: false, failure };
      },
    },
  };
});
afterEach(() => fixture.close());

const attempts = (id: string) => findAttemptsOfCommand(fixture.pool, id);

async function command(isTurnedAway: boolean): Promise<string> {
  const { id, externalId } = await insertCreate(fixture.pool, { then: [] });
  if (isTurnedAway) turnedAway.add(externalId);
  return id;
}

/** As if its wait was over, until it has made one more attempt, or has been parked. */
async function tryAgain(id: string): Promise<void> {
  const before = (await attempts(id)).length;
  const isTried = async () => {
    await fixture.pool.query('update commands set due_at = capstan_now() where id = $1', [id]);
    await executeCommand(context, id);
    const now = await findCommand(fixture.pool, id);
    return now?.status !== 'executing' || (await attempts(id)).length > before;
  };
  await until(isTried, { deadlineMs: 15_000, what: `command ${id} to be tried again` });
}

/** Another command goes well, and every process has heard of it. */
async function anotherGoesWell(): Promise<void> {
  const id = await command(false);
  const isSo = async () => {
    await tryAgain(id);
    const { rows } = await fixture.pool.query(
      'select from provider_health where succeeded_at > turned_away_at',
    );
    return rows.length === 1;
  };
  await until(isSo, { deadlineMs: 10_000, what: 'a success to be noted' });
}

test.each([
  ['429', TOO_MANY],
  ['calls that cannot be sent', NOT_SENT],
])('five %s of one command alone, while others go well, park it', { timeout: 60_000 }, async (_what, how) => {
  failure = how;
  const id = await command(true);
  for (let nth = 0; nth < FAILURES_MAX; nth++) {
    await tryAgain(id);
    expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'executing' });
    await anotherGoesWell();
  }
  await tryAgain(id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({
    status: 'parked',
    problem: { code: 'attempts_exhausted' },
  });
  expect(await attempts(id)).toHaveLength(FAILURES_MAX);
});

test('in a storm of 429 nothing is counted against anybody', { timeout: 60_000 }, async () => {
  failure = TOO_MANY;
  const ids = await Promise.all([command(true), command(true), command(true)]);
  for (let nth = 0; nth <= FAILURES_MAX; nth++) {
    for (const id of ids) await tryAgain(id);
    if (nth % 2 === 0) await anotherGoesWell();
  }
  const { rows } = await fixture.pool.query('select status, failures from commands where id = any($1)', [
    ids,
  ]);
  expect(rows).toEqual(Array.from({ length: 3 }, () => ({ status: 'executing', failures: 0 })));
});

test('alone, with nothing else to tell by, a command is tried on, and a person will be told', async () => {
  failure = TOO_MANY;
  const id = await command(true);
  for (let nth = 0; nth <= FAILURES_MAX; nth++) await tryAgain(id);
  const { rows } = await fixture.pool.query(
    `select status, failures, round(extract(epoch from alarm_at - capstan_now()) / 60)::int as "alarmInMinutes"
     from commands where id = $1`,
    [id],
  );
  expect(rows).toEqual([{ status: 'executing', failures: 0, alarmInMinutes: 15 }]);
});

test('a turn in which nothing was tried counts for nothing', async () => {
  const id = await command(true);
  failure = { stage: 'not_sent', reason: 'send_window_passed' };
  for (let nth = 0; nth <= FAILURES_MAX; nth++) await tryAgain(id);
  turnedAway.clear();
  await tryAgain(id);
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'succeeded' });
});
