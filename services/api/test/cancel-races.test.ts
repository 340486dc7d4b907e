/** The command before a canceled one ends at the worst moment, between two statements of the canceling. */
import { settleFollowers } from '@capstan/shared/db/followers';
import { inTransaction } from '@capstan/shared/db/transaction';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelCommand } from '../src/cancel-command.ts';
import { type ApiFixture, captureOf, createCommand, openApi, postCommand } from './api-fixture.ts';
import { interruptedBefore } from './interrupted-pool.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
});

afterAll(() => api.close());

async function accept(key: string, body: Record<string, unknown>) {
  const answer = await postCommand(api.app, body, key);
  return answer.body.command as { id: string; payment: { key: string } };
}

/** As the capturer ends a create; each run of the transaction counts. */
function end(id: string, paymentKey: string, began: () => void): Promise<unknown> {
  return inTransaction(api.pool, async (tx) => {
    began();
    await tx.query(
      `update commands set status = 'succeeded', steps_done = cardinality(steps), offer_at = null, finished_at = capstan_now()
       where id = $1`,
      [id],
    );
    const command = { id, type: 'payment.create', paymentKey, stepsDone: 1, status: 'succeeded' } as const;
    return settleFollowers(tx, command, 0);
  });
}

async function someoneWaitsForALock(): Promise<boolean> {
  const { rows } = await api.pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

// begin, find the payment, lock it, hold the command, its attempts, cancel, commit
test.each([1, 2, 3, 4, 5, 6, 7])(
  'the end of the command before, just ahead of statement %i, makes the next one runnable in its place',
  async (nth) => {
    const externalId = `order-${nth}`;
    const first = await accept(`create-${nth}`, createCommand({ externalId }));
    const canceled = await accept(`canceled-${nth}`, captureOf({ externalId }));
    await accept(`next-${nth}`, captureOf({ externalId }));
    let ended: Promise<unknown> | undefined;
    let runs = 0;
    const pool = interruptedBefore(api.pool, nth, async () => {
      let isOver = false;
      const began = () => {
        runs += 1;
      };
      ended = end(first.id, first.payment.key, began).finally(() => {
        isOver = true;
      });
      ended.catch(() => {});
      const what = 'the end of the command before commits or waits';
      await until(async () => isOver || (await someoneWaitsForALock()), { deadlineMs: 10_000, what });
    });

    await cancelCommand(pool, { commandId: canceled.id, by: 'test' });
    await ended;
    expect(runs).toBe(1);

    const { rows } = await api.pool.query(
      'select status from commands where payment_key = $1 order by position',
      [first.payment.key],
    );
    expect(rows.map(({ status }) => status)).toEqual(['succeeded', 'canceled', 'accepted']);
  },
);
