/** A person concludes what is parked: made, chosen among several, or given up. The provider tells what each test says. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANSWER_SCHEMAS } from '../src/reference/answer-schemas.ts';
import { get, SECRETS } from './api-fixture.ts';
import { type ConcludeFixture, openConcludeFixture, ours, type Parked, REASON } from './conclude-fixture.ts';

let fixture: ConcludeFixture;
beforeAll(async () => {
  fixture = await openConcludeFixture();
});
afterAll(() => fixture.api.close());
beforeEach(() => fixture.forget());

/** A create whose answer was lost, parked with this code. */
async function lostCreate(
  code = 'payment_unclear',
  then = ['capture'],
): Promise<Parked & { attempt: number }> {
  const parked = await fixture.create(then);
  const attempt = await fixture.lose(parked.id, 1);
  await fixture.park(parked.id, code);
  return { ...parked, attempt };
}

/** A capture of a payment that was created, whose answer was lost. */
async function lostCapture(code = 'outcome_unknown', status = 'CREATED') {
  const parked = await fixture.create();
  const conomyId = `at-${parked.externalId}`;
  await fixture.mirror(parked.key, conomyId, status);
  await fixture.park(parked.id, code, 1);
  await fixture.lose(parked.id, 1);
  return { ...parked, conomyId };
}

const conclusions = async (id: string) =>
  (
    await fixture.api.pool.query(
      'select outcome, concluded_by, reason, problem, evidence from command_conclusions where command_id = $1',
      [id],
    )
  ).rows;

describe('made', () => {
  test('of a create binds the payment that was read, and the next step runs', async () => {
    const { id, key, externalId } = await lostCreate();
    const conomyId = `at-${externalId}`;
    fixture.tell(conomyId, 'CREATED', ours(externalId));
    const { status, body } = await fixture.conclude(id, { outcome: 'made', paymentId: conomyId });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        command: {
          status: 'executing',
          payment: { id: conomyId, status: 'CREATED' },
          steps: [{ status: 'succeeded' }, { operation: 'capture', status: 'executing' }],
          attempts: [{ outcome: 'unknown', resolution: 'succeeded' }],
        },
      },
    });
    ANSWER_SCHEMAS.CommandAnswer.parse(body);
    expect(fixture.api.commands.offers.at(-1)).toMatchObject({ data: { commandId: id } });
    expect(await fixture.payment(key)).toMatchObject({ id: conomyId, mirror: { cause: 'read' } });
    expect(await conclusions(id)).toEqual([
      {
        outcome: 'made',
        concluded_by: 'all',
        reason: REASON,
        problem: { code: 'payment_unclear', detail: 'x' },
        evidence: {
          paymentId: conomyId,
          read: [{ id: conomyId, status: 'CREATED', totalAmount: '30000.00', currency: 'COP' }],
        },
      },
    ]);
  });

  test('of the last step ends the command, and the one behind it runs', async () => {
    const parked = await lostCreate('scan_too_long', ['capture']);
    const behind = await fixture.captureBehind(parked);
    await fixture.api.pool.query(`update commands set steps = '{create}' where id = $1`, [parked.id]);
    fixture.tell('alone', 'CREATED', ours(parked.externalId));
    const { body } = await fixture.conclude(parked.id, { outcome: 'made', paymentId: 'alone' });
    expect(body.command).toMatchObject({ status: 'succeeded', finishedAt: expect.any(String) });
    expect(await fixture.command(behind)).toMatchObject({ status: 'accepted' });
    const events = await get(fixture.api.app, '/v1/events?limit=200');
    expect(events.body.events).toContainEqual(
      expect.objectContaining({ type: 'command.succeeded', paymentKey: parked.key }),
    );
  });

  test.each([
    ['another amount', { purchaseAmount: '29000.00' }, 'purchaseAmount', '29000.00'],
    ['another account', { accountNumber: '201' }, 'accountNumber', '201'],
    ['another externalId', { externalId: 'not-this' }, 'externalId', 'not-this'],
    ['no externalId', { externalId: undefined }, 'externalId', null],
  ])(
    'of a create is refused for a payment of %s, and nothing is written',
    async (_what, more, field, told) => {
      const { id, externalId } = await lostCreate();
      fixture.tell('other', 'CREATED', ours(externalId, more));
      const before = await fixture.rows();
      const { status, body } = await fixture.conclude(id, { outcome: 'made', paymentId: 'other' });
      expect({ status, body }).toMatchObject({
        status: 409,
        body: { code: 'payment_differs', fields: [{ field, told }] },
      });
      ANSWER_SCHEMAS.Problem.parse(body);
      expect(await fixture.rows()).toEqual(before);
    },
  );

  test('of a create is refused for a payment that another create of ours has', async () => {
    const other = await fixture.create();
    await fixture.mirror(other.key, 'of-another', 'CREATED');
    const { id, externalId } = await lostCreate();
    fixture.tell('of-another', 'CREATED', ours(externalId));
    expect(await fixture.conclude(id, { outcome: 'made', paymentId: 'of-another' })).toMatchObject({
      status: 409,
      body: { code: 'payment_differs', fields: [{ field: 'id', told: 'of-another' }] },
    });
  });

  test('of a create takes the payment from a younger key, whose commands are parked', async () => {
    const { id, key, externalId } = await lostCreate();
    const { body } = await fixture.conclude(id, { outcome: 'give_up' });
    expect(body.code).toBe('outcome_not_offered');
    const younger = await fixture.refundOf('second-key', '1.00');
    fixture.tell('second-key', 'CREATED', ours(externalId));
    await fixture.conclude(id, { outcome: 'made', paymentId: 'second-key' });
    expect(await fixture.payment(key)).toMatchObject({ id: 'second-key' });
    expect(await fixture.command(younger.id)).toMatchObject({
      status: 'parked',
      problem: { code: 'payment_known_under_other_key' },
    });
  });

  test.each([
    ['capture', 'AUTHORIZED', 409],
    ['capture', 'REQUIRES_REVIEW', 409],
    ['capture', 'DISPUTED', 409],
    ['capture', 'CAPTURED', 200],
    ['capture', 'SETTLED', 200],
    ['authorize', 'CREATED', 409],
    ['authorize', 'AUTHORIZED', 200],
  ])('of %s while the payment is %s is answered %i', async (operation, status, code) => {
    const { id, externalId, conomyId } = await lostCapture();
    await fixture.api.pool.query('update commands set steps[2] = $2 where id = $1', [id, operation]);
    await fixture.api.pool.query('update attempts set operation = $2 where command_id = $1', [id, operation]);
    fixture.tell(conomyId, status, ours(externalId));
    const answer = await fixture.conclude(id, { outcome: 'made', paymentId: conomyId });
    expect(answer.status).toBe(code);
    if (code === 409) expect(answer.body.code).toBe('effect_not_seen');
    else expect(await fixture.command(id)).toMatchObject({ status: 'succeeded', payment: { status } });
  });

  test('of a capture is refused for another payment than its own', async () => {
    const { id, externalId } = await lostCapture();
    fixture.tell('elsewhere', 'CAPTURED', ours(externalId));
    expect(await fixture.conclude(id, { outcome: 'made', paymentId: 'elsewhere' })).toMatchObject({
      status: 409,
      body: { code: 'payment_differs', fields: [{ field: 'id', told: 'elsewhere' }] },
    });
  });

  test('is refused while Conomy cannot be read, and nothing is written', async () => {
    const { id } = await lostCreate();
    const before = await fixture.rows();
    expect(await fixture.conclude(id, { outcome: 'made', paymentId: 'nobody' })).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
    expect(await fixture.rows()).toEqual(before);
  });

  test('of a create that never left is refused: there is nothing that it can have made', async () => {
    const { id } = await fixture.create();
    await fixture.park(id, 'attempts_exhausted');
    fixture.tell('some', 'CREATED');
    expect(await fixture.conclude(id, { outcome: 'made', paymentId: 'some' })).toMatchObject({
      status: 409,
      body: { code: 'outcome_not_offered' },
    });
  });
});

describe('a choice among several', () => {
  async function several(first: string, second: string) {
    const parked = await lostCreate('several_payments_found');
    const ids = [`a-${parked.externalId}`, `b-${parked.externalId}`] as const;
    await fixture.show(parked.attempt, [...ids]);
    fixture.tell(ids[0], first, ours(parked.externalId));
    fixture.tell(ids[1], second, ours(parked.externalId));
    return { ...parked, ids };
  }

  test('binds the one chosen, records the other as a twin and reads both afresh', async () => {
    const { id, key, ids } = await several('CREATED', 'EXPIRED');
    const { body } = await fixture.conclude(id, { outcome: 'choose', paymentId: ids[0] });
    expect(body.command).toMatchObject({ status: 'executing', payment: { id: ids[0] } });
    expect(fixture.state.reads).toEqual([...ids]);
    const found = await get(fixture.api.app, `/v1/discrepancies?payment=${key}`);
    expect(found.body.discrepancies).toMatchObject([{ kind: 'twin', paymentId: ids[1], status: 'open' }]);
  });

  test.each(['CAPTURED', 'RECEIVED', 'SETTLED', 'UNSETTLED', 'DISPUTED', 'REQUIRES_REVIEW', 'ODD'])(
    'is refused while the other is %s',
    async (status) => {
      const { id, ids } = await several('CREATED', status);
      const before = await fixture.rows();
      expect(await fixture.conclude(id, { outcome: 'choose', paymentId: ids[0] })).toMatchObject({
        status: 409,
        body: { code: 'another_was_captured', ids: [ids[1]] },
      });
      expect(await fixture.rows()).toEqual(before);
    },
  );

  test('takes the captured one, whose capture is then not sent', async () => {
    const { id, ids } = await several('CREATED', 'CAPTURED');
    const { body } = await fixture.conclude(id, { outcome: 'choose', paymentId: ids[1] });
    expect(body.command.payment).toMatchObject({ id: ids[1], status: 'CAPTURED' });
  });

  test('is refused when the other cannot be read', async () => {
    const { id, attempt, ids } = await several('CREATED', 'CREATED');
    await fixture.show(attempt, [ids[0], 'unreadable']);
    expect((await fixture.conclude(id, { outcome: 'choose', paymentId: ids[0] })).status).toBe(503);
  });
});

describe('giving up', () => {
  test('ends the command without a word about money, and frees what made nothing', async () => {
    const parked = await fixture.create();
    const behind = await fixture.captureBehind(parked);
    await fixture.park(parked.id, 'attempts_exhausted');
    const { body } = await fixture.conclude(parked.id, { outcome: 'give_up' });
    expect(body.command).toMatchObject({
      status: 'rejected',
      problem: { code: 'given_up', detail: expect.stringMatching(/"all".*ticket 4713/) },
    });
    expect(fixture.state.reads).toEqual([]);
    expect(await fixture.command(behind)).toMatchObject({
      status: 'rejected',
      problem: { code: 'predecessor_failed' },
    });
  });

  test('of a later step keeps what is done, and the next command runs', async () => {
    const parked = await fixture.create();
    await fixture.mirror(parked.key, `at-${parked.externalId}`, 'CREATED');
    const behind = await fixture.captureBehind(parked);
    await fixture.park(parked.id, 'amount_differs', 1);
    await fixture.conclude(parked.id, { outcome: 'give_up' });
    expect(await fixture.command(parked.id)).toMatchObject({ status: 'rejected', steps: [{}, {}] });
    expect(await fixture.command(behind)).toMatchObject({ status: 'accepted' });
  });

  test('is refused while an attempt is of unknown outcome', async () => {
    const { id } = await lostCapture('payment_unclear');
    expect(await fixture.conclude(id, { outcome: 'give_up' })).toMatchObject({
      status: 409,
      body: { code: 'outcome_not_offered' },
    });
  });

  test('ends a command of a second key', async () => {
    const { id } = await fixture.create();
    await fixture.park(id, 'payment_known_under_other_key');
    const { body } = await fixture.conclude(id, { outcome: 'give_up' });
    expect(body.command).toMatchObject({ status: 'rejected', problem: { code: 'given_up' } });
  });
});

describe('a preview', () => {
  test('tells what was read and what then runs, and writes nothing', async () => {
    const { id, externalId } = await lostCreate();
    fixture.tell('previewed', 'CREATED', ours(externalId));
    const before = await fixture.rows();
    const { status, body } = await fixture.conclude(
      id,
      { outcome: 'made', paymentId: 'previewed' },
      '?preview=true',
    );
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        preview: {
          outcome: 'made',
          read: [{ id: 'previewed', status: 'CREATED' }],
          status: 'executing',
          steps: ['capture'],
          commands: [],
          effectsAtMost: 1,
        },
      },
    });
    expect(await fixture.rows()).toEqual(before);
  });

  test('is refused as the conclusion is', async () => {
    const { id, externalId } = await lostCreate();
    fixture.tell('another', 'CREATED', ours(externalId, { currency: 'USD' }));
    expect(
      await fixture.conclude(id, { outcome: 'choose', paymentId: 'another' }, '?preview=true'),
    ).toMatchObject({ status: 409, body: { code: 'outcome_not_offered' } });
  });
});

test('a redrive while Conomy is read comes first, and nothing is concluded', async () => {
  const { id, externalId } = await lostCreate();
  fixture.tell('raced', 'CREATED', ours(externalId));
  fixture.state.meanwhile = () => fixture.redrive(id);
  expect(await fixture.conclude(id, { outcome: 'made', paymentId: 'raced' })).toMatchObject({
    status: 409,
    body: { code: 'not_parked' },
  });
  expect(await conclusions(id)).toEqual([]);
  expect(await fixture.command(id)).toMatchObject({
    status: 'executing',
    attempts: [{ resolution: 'parked' }],
  });
});

test('of two conclusions at the same moment one is made', async () => {
  const { id, externalId } = await lostCreate();
  fixture.tell('once', 'CREATED', ours(externalId));
  const both = await Promise.all(
    [1, 2].map(() => fixture.conclude(id, { outcome: 'made', paymentId: 'once' })),
  );
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(await conclusions(id)).toHaveLength(1);
});

test('what is not parked is not concluded, and what is not there is not found', async () => {
  const { id } = await fixture.create();
  expect(await fixture.conclude(id, { outcome: 'give_up' })).toMatchObject({
    status: 409,
    body: { code: 'not_parked' },
  });
  const nobody = '0199a000-0000-7000-8000-000000000000';
  expect(await fixture.conclude(nobody, { outcome: 'give_up' })).toMatchObject({
    status: 404,
    body: { code: 'command_not_found' },
  });
});

test.each([
  [{ outcome: 'made' }, '/paymentId'],
  [{ outcome: 'give_up', paymentId: 'x' }, '/paymentId'],
  [{ outcome: 'made', paymentId: '..' }, '/paymentId'],
  [{ outcome: 'made', paymentId: 'a/b' }, '/paymentId'],
  [{ outcome: 'give_up', notOurs: ['x'] }, '/notOurs'],
  [{ outcome: 'lost' }, '/outcome'],
  [{ outcome: 'give_up', reason: '' }, '/reason'],
])('%j is refused', async (body, path) => {
  const { id } = await fixture.create();
  const answer = await fixture.conclude(id, body);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ path }] } });
});

test('a key that may not operate concludes nothing', async () => {
  const { id } = await fixture.create();
  expect((await fixture.conclude(id, { outcome: 'give_up' }, '', SECRETS.enqueue)).status).toBe(403);
});
