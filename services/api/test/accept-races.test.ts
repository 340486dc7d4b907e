/** Another process commits the same command at the worst moment, between two statements of this one. */
import type { Pool } from '@capstan/shared/db/pool';
import { paymentCommand } from '@capstan/shared/domain/payment-command';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptCommands } from '../src/accept-commands.ts';
import { type ApiFixture, collectBody, createCommand, openApi } from './api-fixture.ts';

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

/** A pool whose connections run `interrupt` once, just before their nth statement. */
function interruptedBefore(nth: number, interrupt: () => Promise<unknown>): Pool {
  let statements = 0;
  const connect = async () => {
    const tx = await api.pool.connect();
    return {
      query: async (text: string, values?: unknown[]) => {
        statements += 1;
        if (statements === nth) await interrupt();
        return tx.query(text, values);
      },
      release: (error?: Error) => tx.release(error),
    };
  };
  return { connect, query: api.pool.query.bind(api.pool) } as unknown as Pool;
}

// begin, lock payments, find keys, insert payments; after that the other one would wait for this one.
test.each([1, 2, 3, 4])('a repeat committed before statement %i makes this one its replay', async (nth) => {
  const item = createItem(`repeat-${nth}`);
  let first: Awaited<ReturnType<typeof acceptCommands>> = [];
  const pool = interruptedBefore(nth, async () => {
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
    const pool = interruptedBefore(nth, () =>
      acceptCommands(api.pool, [{ ...item, idempotencyKey: `rival-${nth}` }]),
    );
    const verdicts = await acceptCommands(pool, [item]);

    expect(verdicts).toMatchObject([{ kind: 'refused', refusal: { code: 'external_id_taken' } }]);
  },
);
