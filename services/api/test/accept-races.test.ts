/** Another process acts at the worst moment, between two statements of an acceptance. */
import { paymentCommand } from '@capstan/shared/domain/payment-command';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptCommands } from '../src/accept-commands.ts';
import { cancelCommand } from '../src/cancel-command.ts';
import { type ApiFixture, captureOf, collectBody, createCommand, openApi } from './api-fixture.ts';
import { interruptedBefore } from './interrupted-pool.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
});

afterAll(() => api.close());

function createItem(name: string) {
  return {
    idempotencyKey: `key-${name}`,
    command: paymentCommand.parse(createCommand({ externalId: name })),
    createBody: JSON.stringify(collectBody({ externalId: name })),
    acceptedBy: 'test',
  };
}

function idsOf(verdicts: Awaited<ReturnType<typeof acceptCommands>>) {
  return verdicts.map((verdict) => (verdict.kind === 'accepted' ? verdict.view.command.id : null));
}

// begin, lock payments, find keys, insert payments; after that the other one would wait for this one.
test.each([1, 2, 3, 4])('a repeat committed before statement %i makes this one its replay', async (nth) => {
  const item = createItem(`repeat-${nth}`);
  let first: Awaited<ReturnType<typeof acceptCommands>> = [];
  const pool = interruptedBefore(api.pool, nth, async () => {
    first = await acceptCommands(api.pool, [item]);
  });
  const second = await acceptCommands(pool, [item]);

  expect(first).toMatchObject([{ kind: 'accepted', replayed: false }]);
  expect(second).toMatchObject([{ kind: 'accepted', replayed: true }]);
  expect(idsOf(second)).toEqual(idsOf(first));
});

test.each([1, 2, 3, 4])(
  'another create of its externalId committed before statement %i refuses it',
  async (nth) => {
    const item = createItem(`rival-${nth}`);
    const pool = interruptedBefore(api.pool, nth, () =>
      acceptCommands(api.pool, [{ ...item, idempotencyKey: `rival-${nth}` }]),
    );
    const verdicts = await acceptCommands(pool, [item]);

    expect(verdicts).toMatchObject([{ kind: 'refused', refusal: { code: 'external_id_taken' } }]);
  },
);

async function someoneWaitsForALock(): Promise<boolean> {
  const { rows } = await api.pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

// begin, lock payments, find keys, find what is at work, insert commands, commit
test.each([2, 3, 4, 5, 6])(
  'a create that is canceled just ahead of statement %i of the acceptance of its capture leaves no capture behind that waits for ever',
  async (nth) => {
    const create = createItem(`canceled-${nth}`);
    const [commandId = null] = idsOf(await acceptCommands(api.pool, [create]));
    const capture = {
      idempotencyKey: `capture-${nth}`,
      command: paymentCommand.parse(captureOf({ externalId: `canceled-${nth}` })),
      createBody: null,
      acceptedBy: 'test',
    };
    let canceled: Promise<unknown> | undefined;
    const pool = interruptedBefore(api.pool, nth, async () => {
      let isOver = false;
      canceled = cancelCommand(api.pool, { commandId: commandId ?? '', by: 'test' }).finally(() => {
        isOver = true;
      });
      canceled.catch(() => {});
      const what = 'the canceling commits or waits';
      await until(async () => isOver || (await someoneWaitsForALock()), { deadlineMs: 10_000, what });
    });
    await acceptCommands(pool, [capture]);
    await canceled;

    const { rows } = await api.pool.query('select status from commands where idempotency_key = $1', [
      capture.idempotencyKey,
    ]);
    expect(rows.filter(({ status }) => status !== 'rejected')).toEqual([]);
  },
);
