/** Commands that read hold no slot of the writes. */
import { findCommand } from '@capstan/shared/db/commands';
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
  const readers = createReaders(1, log);
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
  const readers = createReaders(1, log);
  await readers.begin(() => Promise.reject(new Error('the database is away')));
  await readers.close();
  expect(readers.begin(async () => {})).not.toBeNull();
  await readers.close();
});
