/** A claim lasts as long as its holder reads, and little longer than one call once the holder is gone. */
import { findCommand } from '@capstan/shared/db/commands';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturerContext } from '../src/context.ts';
import { executeCommand } from '../src/execute-command.ts';
import {
  type CapturerFixture,
  insertCreate,
  losingCreates,
  openCapturerFixture,
} from './capturer-fixture.ts';

let fixture: CapturerFixture;
let other: ReturnType<CapturerFixture['another']>;
beforeAll(async () => {
  fixture = await openCapturerFixture();
  other = fixture.another('other');
});
afterAll(async () => {
  await other.close();
  await fixture.close();
});

/** A create whose answer was lost, and whose capturer stands in the first page of the list until it is let go. */
async function standInList() {
  const { provider } = fixture.context;
  const { id } = await insertCreate(fixture.pool, { then: [] });
  const reading = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const standing: CapturerContext['provider'] = {
    ...losingCreates(provider),
    listPayments: async (...call) => {
      reading.resolve();
      await held.promise;
      return provider.listPayments(...call);
    },
  };
  const ended = executeCommand({ ...fixture.context, provider: standing }, id);
  await reading.promise;
  return { id, letGo: held.resolve, ended };
}

const leaseMsLeft = async (id: string) => {
  const { rows } = await fixture.pool.query<{ left: number }>(
    `select (extract(epoch from claimed_until - capstan_now()) * 1000)::float8 as left from commands where id = $1`,
    [id],
  );
  return rows[0]?.left ?? Number.NaN;
};

test('while a list is read the claim lasts for one call and is kept until the list is read', async () => {
  const { id, letGo, ended } = await standInList();
  const { callMsMax, readLeaseMs } = fixture.context.timings;
  expect(await leaseMsLeft(id)).toBeLessThanOrEqual(readLeaseMs);
  expect(readLeaseMs).toBeLessThanOrEqual(callMsMax + 3_000);

  await fixture.pool.query('update commands set claimed_until = capstan_now() where id = $1', [id]);
  const what = 'the claim is kept';
  await until(async () => (await leaseMsLeft(id)) > readLeaseMs / 2, { deadlineMs: 10_000, what });
  await executeCommand(other.context, id);
  letGo();
  await ended;
  expect(await findCommand(fixture.pool, id)).toMatchObject({ status: 'succeeded' });
  const { rows } = await fixture.pool.query('select claim_epoch from commands where id = $1', [id]);
  expect(rows).toEqual([{ claim_epoch: 1 }]);
});
