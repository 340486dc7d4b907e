/** Commands that read hold no slot of the writes. */
import { findCommand } from '@capstan/shared/db/commands';
import { TRIES_MAX } from '@capstan/shared/db/item-faults';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import { createReaders } from '../src/readers.ts';
import {
  type CapturerFixture,
  insertCreate,
  insertLater,
  losingCreates,
  openCapturerFixture,
  runToItsEnd,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
beforeAll(async () => {
  fixture = await openCapturerFixture();
});
afterAll(() => fixture.close());

const log = createLogger('readers-test', 'fatal');
const statusOf = async (id: string) => (await findCommand(fixture.pool, id))?.status;

/** A capturer with one place to read, and a provider that loses the answers of creates and keeps its lists waiting. */
function oneReader() {
  const { provider } = fixture.context;
  const reading = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const readers = createReaders(1, { pool: fixture.pool, log });
  const slow: CapturerContext['provider'] = {
    ...losingCreates(provider),
    listPayments: async (...call) => {
      reading.resolve();
      await held.promise;
      return provider.listPayments(...call);
    },
  };
  const context: CapturerContext = { ...fixture.context, readers, provider: slow };
  return { context, readers, isReading: reading.promise, letGo: held.resolve };
}

test('a create that is looked for in a list leaves its slot to the next write, and goes on beside it', async () => {
  const { context, readers, isReading, letGo } = oneReader();
  const settled = await insertCreate(fixture.pool, { then: [] });
  await runToItsEnd(fixture, settled.id);
  const lost = await insertCreate(fixture.pool);
  await executeCommand(context, lost.id);
  await isReading;
  expect(await statusOf(lost.id)).toBe('unresolved');

  const write = await insertLater(fixture.pool, settled.paymentKey, 'capture');
  await executeCommand(context, write);
  expect(await statusOf(write)).toBe('succeeded');

  letGo();
  await readers.close();
  expect(await findCommand(fixture.pool, lost.id)).toMatchObject({ status: 'succeeded', stepsDone: 2 });
});

test('who finds no place to read gives its claim back and comes again', async () => {
  const { context, readers, isReading, letGo } = oneReader();
  const [first, second] = [await insertCreate(fixture.pool), await insertCreate(fixture.pool)];
  await executeCommand(context, first.id);
  await isReading;
  await executeCommand(context, second.id);
  const { rows } = await fixture.pool.query(
    'select status, claimed_until, due_at > capstan_now() as waits from commands where id = $1',
    [second.id],
  );
  expect(rows).toEqual([{ status: 'unresolved', claimed_until: null, waits: true }]);

  letGo();
  const ended = async () => {
    await executeCommand(context, second.id);
    return (await statusOf(second.id)) === 'succeeded';
  };
  await until(ended, { deadlineMs: 15_000, what: 'the second is found as well' });
  await readers.close();
  expect(await statusOf(first.id)).toBe('succeeded');
});

test('a read that throws takes no place with it', async () => {
  const readers = createReaders(1, { pool: fixture.pool, log });
  const { id } = await insertCreate(fixture.pool);
  await readers.begin(id, () => Promise.reject(new Error('timeout exceeded when trying to connect')));
  await readers.close();
  expect(readers.begin(id, async () => {})).not.toBeNull();
  await readers.close();
});

test('a read that fails by its command is counted on it, so that it is parked at last', async () => {
  const { provider } = fixture.context;
  const readers = createReaders(1, { pool: fixture.pool, log });
  const broken: CapturerContext['provider'] = {
    ...losingCreates(provider),
    listPayments: async () => {
      throw new TypeError('something nobody thought of');
    },
  };
  const { id } = await insertCreate(fixture.pool);
  const context: CapturerContext = { ...fixture.context, readers, provider: broken };
  const turn = async () => {
    await fixture.pool.query(
      `update commands set due_at = capstan_now(), claimed_until = case when claimed_until is not null then capstan_now() end where id = $1`,
      [id],
    );
    await fixture.pool.query(`update scan_lanes set held_until = '-infinity'`);
    await executeCommand(context, id);
    await readers.close();
  };
  const tries = async () =>
    (await fixture.pool.query('select tries from commands where id = $1', [id])).rows[0].tries;
  for (let made = 1; made <= TRIES_MAX; made++) {
    await turn();
    expect(await tries()).toBe(made);
  }
  await turn();
  expect(await findCommand(fixture.pool, id)).toMatchObject({
    status: 'parked',
    problem: { code: 'unreadable' },
  });
});
