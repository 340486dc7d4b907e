/**
 * A person rules out what a call did, a day after it: nothing of it is ever sent again or bound to the command, and what
 * it may still have given back counts until somebody confirms that it never will.
 */
import { inTransaction } from '@capstan/shared/db/transaction';
import { mirrorRefundChild } from '@capstan/shared/mirror/mirror-refund-child';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANSWER_SCHEMAS } from '../src/reference/answer-schemas.ts';
import { get } from './api-fixture.ts';
import { type ConcludeFixture, openConcludeFixture, ours } from './conclude-fixture.ts';

let fixture: ConcludeFixture;
beforeAll(async () => {
  fixture = await openConcludeFixture();
});
afterAll(() => fixture.api.close());
beforeEach(() => fixture.forget());

const query = async (text: string, values: unknown[]) => (await fixture.api.pool.query(text, values)).rows;
const attemptsOf = (id: string) =>
  query('select resolution, not_ours from attempts where command_id = $1 order by id', [id]);

async function lostCapture(hoursAgo: number) {
  const parked = await fixture.create();
  const conomyId = `at-${parked.externalId}`;
  await fixture.mirror(parked.key, conomyId, 'CREATED');
  await fixture.park(parked.id, 'outcome_unknown', 1);
  await fixture.lose(parked.id, hoursAgo);
  return { ...parked, conomyId };
}

describe('of a capture', () => {
  test('is too early within 24 hours of its deadline, and nothing is read', async () => {
    const { id } = await lostCapture(23.9);
    const { status, body } = await fixture.conclude(id, { outcome: 'not_made' });
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'too_early' } });
    expect(Date.parse(body.notBefore) - Date.now()).toBeGreaterThan(0);
    ANSWER_SCHEMAS.Problem.parse(body);
    expect(fixture.state.reads).toEqual([]);
  });

  test.each(['CREATED', 'AUTHORIZED', 'FAILED', 'EXPIRED'])(
    'ends it while the payment is %s',
    async (status) => {
      const { id, externalId, conomyId } = await lostCapture(25);
      fixture.tell(conomyId, status, ours(externalId));
      const { body } = await fixture.conclude(id, { outcome: 'not_made' });
      expect(body.command).toMatchObject({ status: 'rejected', problem: { code: 'not_made' } });
      expect(await attemptsOf(id)).toEqual([{ resolution: 'ruled_out', not_ours: [] }]);
    },
  );

  test.each(['CAPTURED', 'SETTLED', 'REQUIRES_REVIEW', 'DISPUTED', 'ODD'])(
    'is refused while the payment is %s',
    async (status) => {
      const { id, externalId, conomyId } = await lostCapture(25);
      fixture.tell(conomyId, status, ours(externalId));
      const before = await fixture.rows();
      expect(await fixture.conclude(id, { outcome: 'not_made' })).toMatchObject({
        status: 409,
        body: { code: 'effect_may_exist', ids: [conomyId] },
      });
      expect(await fixture.rows()).toEqual(before);
    },
  );

  test('is refused where no attempt is in doubt', async () => {
    const { id } = await fixture.create();
    await fixture.park(id, 'unreadable');
    expect(await fixture.conclude(id, { outcome: 'not_made' })).toMatchObject({
      status: 409,
      body: { code: 'outcome_not_offered' },
    });
  });
});

describe('of a refund', () => {
  let parent: { key: string; conomyId: string };

  beforeEach(async () => {
    const { key, externalId } = await fixture.create();
    parent = { key, conomyId: `at-${externalId}` };
    await fixture.mirror(key, parent.conomyId, 'SETTLED');
    await query(
      `update commands set status = 'succeeded', steps_done = 2, offer_at = null, finished_at = capstan_now() where payment_key = $1`,
      [key],
    );
  });

  const child = (id: string, amount: string, more: Partial<ObservedPayment> = {}): ObservedPayment => {
    const told = {
      id,
      status: 'SETTLED',
      type: 'REFUND',
      parentPaymentId: parent.conomyId,
      totalAmount: amount,
      currency: 'COP',
      createdAt: new Date().toISOString(),
      ...more,
    };
    return { ...told, raw: { ...told } };
  };
  const tell = ({ raw: _, id, status, ...more }: ObservedPayment) => fixture.tell(id, status, more);

  /** A refund whose answer was lost; what it was to give back is reserved. */
  async function lostRefund(hoursAgo: number, amount = '1000.00') {
    const { id } = await fixture.refundOf(parent.conomyId, amount);
    await query('update payments set refund_reserved_minor = $2 where key = $1', [
      parent.key,
      Number(amount) * 100,
    ]);
    const attempt = await fixture.lose(id, hoursAgo);
    await fixture.park(id, 'refund_unresolved');
    return { id, attempt };
  }

  const mirrorChild = (told: ObservedPayment) =>
    inTransaction(fixture.api.pool, (tx) =>
      mirrorRefundChild(tx, { random: () => 0.5 }, { paymentKey: parent.key }, told, 'read'),
    );
  const sums = async () =>
    (
      await query(
        'select refund_reserved_minor as reserved, refund_doubtful_minor as doubtful, refund_done_minor as done from payments where key = $1',
        [parent.key],
      )
    )[0];
  const alarms = async () =>
    (
      await get(fixture.api.app, `/v1/discrepancies?payment=${parent.key}&status=open`)
    ).body.discrepancies.map(({ kind }: { kind: string }) => kind);

  test('leaves its amount doubtful, and a refund that shows up late is bound to it and told', async () => {
    const { id, attempt } = await lostRefund(25);
    fixture.list([]);
    expect((await fixture.conclude(id, { outcome: 'not_made' })).body.command).toMatchObject({
      status: 'rejected',
      problem: { code: 'not_made' },
      attempts: [{ resolution: 'ruled_out' }],
    });
    expect(await sums()).toEqual({ reserved: 0, doubtful: 100_000, done: 0 });
    await mirrorChild(child('late', '1000.00'));
    expect(
      await query('select id from attempts where refund_key is not null and command_id = $1', [id]),
    ).toEqual([{ id: attempt }]);
    expect(await alarms()).toEqual(['late_refund']);
    expect(await sums()).toEqual({ reserved: 0, doubtful: 0, done: 100_000 });
  });

  test('is refused while a new refund is there that nobody made, and names it', async () => {
    const { id } = await lostRefund(25);
    fixture.list([child('new', '7.00')]);
    const before = await fixture.rows();
    expect(await fixture.conclude(id, { outcome: 'not_made' })).toMatchObject({
      status: 409,
      body: { code: 'effect_may_exist', ids: ['new'] },
    });
    expect(await fixture.rows()).toEqual(before);
  });

  test('is not hindered by a refund that was there before, nor by one that another command made', async () => {
    const before = child('before', '500.00', { createdAt: '2020-01-01T00:00:00Z' });
    await mirrorChild(before);
    const { id } = await lostRefund(25);
    fixture.list([before]);
    expect((await fixture.conclude(id, { outcome: 'not_made' })).status).toBe(200);
  });

  test('takes no refund for it that the person said is of somebody else', async () => {
    const { id } = await lostRefund(25);
    fixture.list([child('theirs', '1000.00')]);
    expect((await fixture.conclude(id, { outcome: 'not_made', notOurs: ['theirs'] })).status).toBe(200);
    expect(await attemptsOf(id)).toEqual([{ resolution: 'ruled_out', not_ours: ['theirs'] }]);
    await mirrorChild(child('theirs', '1000.00'));
    expect(
      await query('select from attempts where refund_key is not null and command_id = $1', [id]),
    ).toEqual([]);
    expect(await alarms()).toEqual([]);
  });

  test.each([
    ['cannot be read', null, {}],
    ['has a gap', [], { gap: 'total' }],
    ['has a row that cannot be read', [], { unreadableRows: 1 }],
  ])('is refused while the list %s, and nothing is written', async (_what, refunds, more) => {
    const { id } = await lostRefund(25);
    fixture.list(refunds, more);
    const before = await fixture.rows();
    expect(await fixture.conclude(id, { outcome: 'not_made' })).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
    expect(await fixture.rows()).toEqual(before);
  });

  test('a preview writes nothing, not even what was listed', async () => {
    const { id } = await lostRefund(25);
    fixture.list([child('theirs-too', '1000.00')]);
    const before = await fixture.rows();
    const { body } = await fixture.conclude(
      id,
      { outcome: 'not_made', notOurs: ['theirs-too'] },
      '?preview=true',
    );
    expect(body.preview).toMatchObject({ status: 'rejected', steps: [], effectsAtMost: 0 });
    expect(await fixture.rows()).toEqual(before);
  });

  test('a refund that is linked between the read and the commit rules nothing out', async () => {
    const { id } = await lostRefund(25);
    fixture.list([]);
    fixture.state.meanwhile = () => mirrorChild(child('meanwhile', '1000.00'));
    expect(await fixture.conclude(id, { outcome: 'not_made' })).toMatchObject({
      status: 409,
      body: { code: 'effect_may_exist', ids: ['meanwhile'] },
    });
  });

  test('the next refund runs, and never gives back more than the payment has', async () => {
    const { id } = await lostRefund(25, '20000.00');
    const next = await fixture.refundOf(parent.conomyId, '20000.00');
    expect((await fixture.command(next.id)).status).toBe('blocked');
    fixture.list([]);
    await fixture.conclude(id, { outcome: 'not_made' });
    expect((await fixture.command(next.id)).status).toBe('accepted');
    const reserving = query('update payments set refund_reserved_minor = 2000000 where key = $1', [
      parent.key,
    ]);
    await expect(reserving).rejects.toMatchObject({ constraint: 'payments_refunds_fit_the_payment' });
  });

  test('the doubt ends when a person confirms it, once', async () => {
    const { id } = await lostRefund(25);
    fixture.list([]);
    expect((await fixture.conclude(id, { outcome: 'confirmed_not_made' })).body.code).toBe(
      'outcome_not_offered',
    );
    await fixture.conclude(id, { outcome: 'not_made' });
    const preview = await fixture.conclude(id, { outcome: 'confirmed_not_made' }, '?preview=true');
    expect(preview.status).toBe(200);
    expect(await sums()).toMatchObject({ doubtful: 100_000 });
    expect((await fixture.conclude(id, { outcome: 'confirmed_not_made' })).status).toBe(200);
    expect(await sums()).toMatchObject({ doubtful: 0 });
    expect(await fixture.conclude(id, { outcome: 'confirmed_not_made' })).toMatchObject({ status: 409 });
  });

  test('is not confirmed when the refund was made after all: it is bound to it', async () => {
    const { id, attempt } = await lostRefund(25);
    fixture.list([]);
    await fixture.conclude(id, { outcome: 'not_made' });
    fixture.list([child('after-all', '1000.00')]);
    expect(await fixture.conclude(id, { outcome: 'confirmed_not_made' })).toMatchObject({
      status: 409,
      body: { code: 'effect_may_exist', ids: ['after-all'] },
    });
    expect(
      await query('select id from attempts where refund_key is not null and id = $1', [attempt]),
    ).toHaveLength(1);
    expect(await alarms()).toEqual(['late_refund']);
  });

  describe('that was made', () => {
    test('claims the child that the person names', async () => {
      const { id, attempt } = await lostRefund(1);
      tell(child('named', '1000.00'));
      expect(
        (await fixture.conclude(id, { outcome: 'made', paymentId: 'named' })).body.command,
      ).toMatchObject({
        status: 'succeeded',
      });
      expect(
        await query(
          'select p.conomy_id from attempts a join payments p on p.key = a.refund_key where a.id = $1',
          [attempt],
        ),
      ).toEqual([{ conomy_id: 'named' }]);
      expect(await sums()).toMatchObject({ reserved: 0, done: 100_000 });
    });

    test.each([
      ['another amount', { totalAmount: '999.00' }, 'totalAmount'],
      ['another payment', { parentPaymentId: 'elsewhere' }, 'parentPaymentId'],
      ['no payment that is told', { parentPaymentId: undefined }, 'parentPaymentId'],
    ])('is refused for a child of %s', async (_what, more, field) => {
      const { id } = await lostRefund(1);
      tell(child('wrong', '1000.00', more));
      expect(await fixture.conclude(id, { outcome: 'made', paymentId: 'wrong' })).toMatchObject({
        status: 409,
        body: { code: 'payment_differs', fields: [{ field }] },
      });
    });

    test('is refused for a child that was there before, or that another command made', async () => {
      const before = child('old', '1000.00', { createdAt: '2020-01-01T00:00:00Z' });
      await mirrorChild(before);
      const { id } = await lostRefund(1);
      tell(before);
      expect((await fixture.conclude(id, { outcome: 'made', paymentId: 'old' })).body.code).toBe(
        'effect_not_seen',
      );
      tell(child('taken', '1000.00'));
      await fixture.conclude(id, { outcome: 'made', paymentId: 'taken' });
      const second = await lostRefund(1);
      expect((await fixture.conclude(second.id, { outcome: 'made', paymentId: 'taken' })).status).toBe(409);
    });

    test('with another amount ends with what was really given back, and later refunds run', async () => {
      const { id, attempt } = await lostRefund(1);
      await fixture.park(id, 'amount_differs');
      const mirrored = await mirrorChild(child('more', '1200.00'));
      await query('update attempts set refund_key = $2 where id = $1', [attempt, mirrored?.key]);
      const side = JSON.stringify({});
      await query(
        `insert into discrepancies (kind, payment_key, conomy_id, mirror, mirror_read_at, provider, provider_read_at, cause)
         values ('amount_differs', $1, 'more', $2, capstan_now(), $2, capstan_now(), 'found')`,
        [mirrored?.key, side],
      );
      const next = await fixture.refundOf(parent.conomyId, '5.00');
      expect((await fixture.conclude(id, { outcome: 'give_up' })).status).toBe(409);
      tell(child('more', '1200.00'));
      expect((await fixture.conclude(id, { outcome: 'made', paymentId: 'more' })).body.command.status).toBe(
        'succeeded',
      );
      expect((await fixture.command(next.id)).status).toBe('accepted');
      expect(await sums()).toMatchObject({ reserved: 0, done: 120_000 });
      expect(
        await query(
          `select status, ended_by from discrepancies where payment_key = $1 and kind = 'amount_differs'`,
          [mirrored?.key],
        ),
      ).toEqual([{ status: 'accepted', ended_by: 'all' }]);
    });
  });
});

describe('of a create', () => {
  async function lostCreate(hoursAgo = 25) {
    const parked = await fixture.create();
    const attempt = await fixture.lose(parked.id, hoursAgo);
    await fixture.park(parked.id, 'scan_too_long');
    return { ...parked, attempt };
  }
  /** What a capturer writes when the scan that was asked for is over. */
  const scanned = (attempt: number, { end = 'whole', found = [] as string[], minutesAgo = 1 } = {}) =>
    query(
      `update scan_requests set answer = jsonb_build_object('end', $2::text), began_at = capstan_now() - interval '10 minutes',
         answered_at = capstan_now() - $3::float8 * interval '1 minute',
         found = (select coalesce(jsonb_agg(jsonb_build_object('id', id)), '[]') from unnest($4::text[]) id)
       where attempt_id = $1 returning id`,
      [attempt, end, minutesAgo, found],
    );

  test('begins a scan at the first request or its preview, and waits for it', async () => {
    const { id, attempt } = await lostCreate();
    const { status, body } = await fixture.conclude(id, { outcome: 'not_made' }, '?preview=true');
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { code: 'scan_running', rows: 0, notBefore: expect.any(String) },
    });
    ANSWER_SCHEMAS.Problem.parse(body);
    expect(fixture.api.commands.offers.at(-1)).toMatchObject({ data: { commandId: id } });
    expect(
      await query('select lane, for_operator, is_whole from scan_requests where attempt_id = $1', [attempt]),
    ).toEqual([{ lane: 'operator create 200 COLLECT', for_operator: true, is_whole: true }]);
    expect((await fixture.conclude(id, { outcome: 'not_made' })).body.code).toBe('scan_running');
  });

  test('begins none while it is too early', async () => {
    const { id, attempt } = await lostCreate(1);
    expect((await fixture.conclude(id, { outcome: 'not_made' })).body.code).toBe('too_early');
    expect(await query('select from scan_requests where attempt_id = $1', [attempt])).toEqual([]);
  });

  test('ends it once a whole scan shows nothing; its externalId stays taken and what waits behind it runs', async () => {
    const parked = await lostCreate();
    const behind = await fixture.captureBehind(parked);
    await fixture.conclude(parked.id, { outcome: 'not_made' });
    await scanned(parked.attempt);
    expect((await fixture.conclude(parked.id, { outcome: 'not_made' })).body.command).toMatchObject({
      status: 'rejected',
      problem: { code: 'not_made' },
    });
    expect((await fixture.command(behind)).status).toBe('accepted');
    expect(
      await query('select external_id_released_at as at from payments where key = $1', [parked.key]),
    ).toEqual([{ at: null }]);
    expect(await query('select from scan_requests where attempt_id = $1', [parked.attempt])).toEqual([]);
  });

  test.each([
    ['was not whole', { end: 'open' }],
    ['was over more than 30 minutes ago', { minutesAgo: 31 }],
  ])('is scanned again when the scan %s', async (_what, told) => {
    const { id, attempt } = await lostCreate();
    await fixture.conclude(id, { outcome: 'not_made' });
    await scanned(attempt, told);
    expect((await fixture.conclude(id, { outcome: 'not_made' })).body.code).toBe('scan_running');
    expect(await query('select answer from scan_requests where attempt_id = $1', [attempt])).toEqual([
      { answer: null },
    ]);
  });

  test('does not count a scan that began before the effect could be ruled out', async () => {
    const { id, attempt } = await lostCreate(24.05);
    await fixture.conclude(id, { outcome: 'not_made' });
    await scanned(attempt);
    expect((await fixture.conclude(id, { outcome: 'not_made' })).body.code).toBe('scan_running');
  });

  test('is refused while the scan or a delivery names what may be it', async () => {
    const { id, attempt, externalId } = await lostCreate();
    await fixture.conclude(id, { outcome: 'not_made' });
    await scanned(attempt, { found: ['shown'] });
    await query(
      `insert into webhook_deliveries (id, body_sha256, body, form, event, conomy_id, external_id, status, times_received, result, applied_at)
       values (gen_random_uuid(), sha256($1::bytea), $1::bytea, 'body', 'PAYMENT_CREATED', 'told', $2, 'CREATED', 1, 'unmatched', capstan_now())`,
      [Buffer.from(externalId), externalId],
    );
    expect(await fixture.conclude(id, { outcome: 'not_made' })).toMatchObject({
      status: 409,
      body: { code: 'effect_may_exist', ids: ['shown', 'told'] },
    });
    fixture.tell('shown', 'CREATED');
    fixture.tell('told', 'CREATED');
    expect((await fixture.conclude(id, { outcome: 'not_made', notOurs: ['shown', 'told'] })).status).toBe(
      200,
    );
    expect(await attemptsOf(id)).toEqual([{ resolution: 'ruled_out', not_ours: ['shown', 'told'] }]);
  });
});

test('the timeline of the payment shows who concluded it, why and on what', async () => {
  const { id, key, externalId, conomyId } = await lostCapture(25);
  fixture.tell(conomyId, 'CREATED', ours(externalId));
  await fixture.conclude(id, { outcome: 'not_made' });
  const { body } = await get(fixture.api.app, `/v1/payments/${key}/timeline`);
  ANSWER_SCHEMAS.Timeline.parse(body);
  expect(body.entries).toContainEqual(
    expect.objectContaining({
      kind: 'conclusion',
      commandId: id,
      concludedBy: 'all',
      outcome: 'not_made',
      problem: { code: 'outcome_unknown', detail: 'x' },
      evidence: { read: [{ id: conomyId, status: 'CREATED', totalAmount: '30000.00', currency: 'COP' }] },
    }),
  );
});
