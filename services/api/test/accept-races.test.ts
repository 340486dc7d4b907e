/** Another process commits the same command at the worst moment, between two statements of this one. */
import { paymentCommand } from '@capstan/shared/domain/payment-command';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptCommands } from '../src/accept-commands.ts';
import { type ApiFixture, collectBody, createCommand, openApi } from './api-fixture.ts';
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
