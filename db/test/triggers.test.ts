import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DISCREPANCIES } from '../../packages/shared/src/domain/discrepancies.ts';
import { PAYMENT_STATUSES } from '../../packages/shared/src/domain/payment-status.ts';
import {
  insert,
  insertAttempt,
  insertCommand,
  insertPayment,
  openSchemaFixture,
  type Row,
  refusalOf,
  update,
} from './schema-fixture.ts';

let fixture: Awaited<ReturnType<typeof openSchemaFixture>>;
beforeAll(async () => {
  fixture = await openSchemaFixture();
});
afterAll(() => fixture.close());

const FINAL = Object.entries(PAYMENT_STATUSES).flatMap(([status, { final }]) => (final ? [status] : []));
const OPEN = Object.keys(PAYMENT_STATUSES).filter((status) => !FINAL.includes(status));

function movePayment({ key }: Row, change: Row): Promise<void> {
  return update(fixture.pool, 'payments', ['key', key], change);
}

describe('a final state', () => {
  test('is the same in the database and in the code', async () => {
    const { rows } = await fixture.pool.query<{ status: string | null; final: boolean }>(
      'select status, is_final_status(status) as final from unnest($1::text[]) as status',
      [[...Object.keys(PAYMENT_STATUSES), 'COMPLETED', null]],
    );
    expect(rows.filter(({ final }) => final).map(({ status }) => status)).toEqual(FINAL);
  });

  test.each(FINAL)('%s is entered by a read', async (status) => {
    const payment = await insertPayment(fixture.pool, { status: 'CAPTURED', cause: 'answer' });
    expect(await refusalOf(movePayment(payment, { status, cause: 'read' }))).toBe('nothing refused it');
  });

  test.each(
    FINAL.flatMap((status) => [
      [status, 'delivery'],
      [status, 'answer'],
      [status, 'accepted'],
    ]),
  )('%s is not entered by a %s', async (status, cause) => {
    const payment = await insertPayment(fixture.pool, { status: 'CAPTURED', cause: 'answer' });
    expect(await refusalOf(movePayment(payment, { status, cause }))).toContain(
      `may enter the final state ${status} only by a read, not by ${cause}`,
    );
  });

  test.each(FINAL)('%s is left neither by a read nor by a delivery', async (status) => {
    const payment = await insertPayment(fixture.pool, { status, cause: 'read' });
    for (const cause of ['read', 'delivery', 'answer']) {
      const refusal = await refusalOf(movePayment(payment, { status: 'CAPTURED', cause }));
      expect(refusal).toContain(`is final (${status}): ${status} may not become CAPTURED by ${cause}`);
    }
    const other = status === 'SETTLED' ? 'FAILED' : 'SETTLED';
    expect(await refusalOf(movePayment(payment, { status: other, cause: 'read' }))).toContain('is final');
    expect(await refusalOf(movePayment(payment, { status: null, cause: 'read' }))).toContain('is final');
  });

  test('is left and entered by an operator’s repair', async () => {
    const payment = await insertPayment(fixture.pool, { status: 'SETTLED', cause: 'read' });
    await movePayment(payment, { status: 'REFUNDED', cause: 'operator' });
    expect(await refusalOf(movePayment(payment, { status: 'CAPTURED', cause: 'operator' }))).toBe(
      'nothing refused it',
    );
  });

  test('keeps its row changeable in everything but the status', async () => {
    const payment = await insertPayment(fixture.pool, { status: 'SETTLED', cause: 'read' });
    expect(await refusalOf(movePayment(payment, { status: 'SETTLED', reads: 7, cause: 'delivery' }))).toBe(
      'nothing refused it',
    );
  });

  test('sets the column by which it is found, and no other state does', async () => {
    for (const status of [...OPEN, ...FINAL, 'COMPLETED']) {
      const payment = await insertPayment(fixture.pool, { status });
      expect([status, payment.final]).toEqual([status, FINAL.includes(status)]);
    }
  });
});

describe('an attempt', () => {
  const ended = (outcome: string | null) => ({ outcome, finished_at: outcome === null ? null : new Date() });

  function change({ id }: Row, to: Row): Promise<void> {
    return update(fixture.pool, 'attempts', ['id', id], to);
  }

  test.each(['succeeded', 'rejected', 'retryable', 'unknown'])('may end once, as %s', async (outcome) => {
    const attempt = await insertAttempt(fixture.pool);
    expect(await refusalOf(change(attempt, ended(outcome)))).toBe('nothing refused it');
  });

  test.each(['succeeded', 'rejected', 'retryable', 'unknown'])(
    'that ended as %s never ends otherwise',
    async (outcome) => {
      const attempt = await insertAttempt(fixture.pool, ended(outcome));
      for (const other of ['succeeded', 'rejected', 'retryable', 'unknown', null].filter(
        (o) => o !== outcome,
      )) {
        expect(await refusalOf(change(attempt, ended(other)))).toContain(`already ended as ${outcome}`);
      }
    },
  );

  test('that code of before 000029 ends as held by a review is of unknown outcome', async () => {
    const failure = { stage: 'answered', reason: 'requires_review', httpStatus: 200 };
    const attempt = await insertAttempt(fixture.pool);
    await change(attempt, { ...ended('retryable'), failure });
    const { rows } = await fixture.pool.query('select outcome, failure from attempts where id = $1', [
      attempt.id,
    ]);
    expect(rows).toEqual([
      { outcome: 'unknown', failure: { ...failure, reason: 'answered_REQUIRES_REVIEW' } },
    ]);
  });

  test('that was resolved is never resolved otherwise', async () => {
    const resolved = { ...ended('unknown'), resolution: 'retryable', resolved_at: new Date() };
    const attempt = await insertAttempt(fixture.pool, resolved);
    for (const resolution of ['succeeded', 'rejected', 'parked']) {
      expect(await refusalOf(change(attempt, { resolution }))).toContain('was already resolved as retryable');
    }
    expect(await refusalOf(change(attempt, { resolution: null, resolved_at: null }))).toContain(
      'was already resolved',
    );
  });

  test('that was parked may be resolved after all, and then never otherwise', async () => {
    const parked = { ...ended('unknown'), resolution: 'parked', resolved_at: new Date() };
    const attempt = await insertAttempt(fixture.pool, parked);
    expect(await refusalOf(change(attempt, { resolution: null, resolved_at: null }))).toContain(
      'was already resolved as parked',
    );
    expect(await refusalOf(change(attempt, { resolution: 'succeeded' }))).toBe('nothing refused it');
    expect(await refusalOf(change(attempt, { resolution: 'parked' }))).toContain(
      'was already resolved as succeeded',
    );
  });

  test('is never deleted', async () => {
    const { id } = await insertAttempt(fixture.pool);
    const deletion = fixture.pool.query('delete from attempts where id = $1', [id]);
    expect(await refusalOf(deletion)).toBe(`attempt ${id} may not be deleted: attempts are append-only`);
  });
});

test('a redrive is neither changed nor deleted', async () => {
  const { id: command_id } = await insertCommand(fixture.pool);
  const row = { command_id, redriven_by: 'test', reason: 'looked at it', problem: { code: 'x' } };
  const { id } = await insert(fixture.pool, 'command_redrives', row);
  const change = () => update(fixture.pool, 'command_redrives', ['id', id], { reason: 'another' });
  const deletion = () => fixture.pool.query('delete from command_redrives where id = $1', [id]);
  for (const statement of [change, deletion])
    expect(await refusalOf(statement())).toContain('redrives are append-only');
});

test('a conclusion is neither changed nor deleted', async () => {
  const { id: command_id } = await insertCommand(fixture.pool);
  const row = {
    command_id,
    concluded_by: 'test',
    reason: 'asked',
    outcome: 'give_up',
    problem: {},
    evidence: {},
  };
  const { id } = await insert(fixture.pool, 'command_conclusions', row);
  const change = () => update(fixture.pool, 'command_conclusions', ['id', id], { reason: 'another' });
  const deletion = () => fixture.pool.query('delete from command_conclusions where id = $1', [id]);
  for (const statement of [change, deletion])
    expect(await refusalOf(statement())).toContain('conclusions are append-only');
});

test('the kinds of discrepancies are the same in the database and in the code', async () => {
  const { rows } = await fixture.pool.query(
    `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'discrepancies_kind_is_known'`,
  );
  const kinds = [...rows[0].definition.matchAll(/'(\w+)'::text/g)].map(([, kind]) => kind);
  expect(kinds).toEqual(Object.keys(DISCREPANCIES));
});

describe('a refund', () => {
  const numbersOf = async (parent_key: unknown) =>
    (
      await fixture.pool.query(
        'select refund_number as number, linked_late as late from payments where parent_key = $1 order by 1',
        [parent_key],
      )
    ).rows.map(({ number, late }) => `${number}${late ? ' late' : ''}`);

  test('draws the next number of its payment, whoever inserts it', async () => {
    const { key: parent_key } = await insertPayment(fixture.pool);
    await Promise.all(
      [1, 2, 3].map(() => insertPayment(fixture.pool, { kind: 'refund', parent_key, external_id: null })),
    );
    expect(await numbersOf(parent_key)).toEqual(['1', '2', '3']);
  });

  test('that waits for its payment is linked when that is inserted, late', async () => {
    await insertPayment(fixture.pool, { kind: 'refund', parent_conomy_id: 'parent-1' });
    const { key } = await insertPayment(fixture.pool, { conomy_id: 'parent-1' });
    expect(await numbersOf(key)).toEqual(['1 late']);
  });

  test('that waits for its payment is linked when that is bound to its Conomy id', async () => {
    const { key } = await insertPayment(fixture.pool, { conomy_id: null });
    await insertPayment(fixture.pool, { kind: 'refund', parent_key: key });
    await insertPayment(fixture.pool, { kind: 'refund', parent_conomy_id: 'parent-2' });
    await insertPayment(fixture.pool, { kind: 'refund', parent_conomy_id: 'parent-3' });
    await movePayment({ key }, { conomy_id: 'parent-2', status: 'CREATED', cause: 'answer' });
    expect(await numbersOf(key)).toEqual(['1', '2 late']);
  });

  test('stays with its payment, unless that was mirrored under two keys', async () => {
    const [older, younger] = [await insertPayment(fixture.pool), await insertPayment(fixture.pool)];
    const refund = await insertPayment(fixture.pool, { kind: 'refund', parent_key: younger.key });
    const move = () => movePayment(refund, { parent_key: older.key });
    expect(await refusalOf(move())).toContain(`belongs to payment ${younger.key}`);
    await movePayment(younger, { conomy_id: null, duplicate_of: older.key });
    expect(await refusalOf(move())).toBe('nothing refused it');
    expect(await numbersOf(older.key)).toEqual(['1 late']);
  });

  test('that Conomy made is recorded although it is more than what is left', async () => {
    const { key } = await insertPayment(fixture.pool, { refundable_minor: 100, refund_reserved_minor: 60 });
    const recorded = movePayment({ key }, { refund_done_minor: 150 });
    expect(await refusalOf(recorded)).toBe('nothing refused it');
  });

  test('once claimed by an attempt is claimed by it for good', async () => {
    const [one, other] = [await insertPayment(fixture.pool), await insertPayment(fixture.pool)];
    const attempt = await insertAttempt(fixture.pool, { operation: 'refund', refund_key: one.key });
    for (const refund_key of [other.key, null])
      expect(await refusalOf(update(fixture.pool, 'attempts', ['id', attempt.id], { refund_key }))).toContain(
        `attempt ${attempt.id} made refund ${one.key}, and no other`,
      );
  });
});

describe('an event', () => {
  async function eventsOf(payment_key: unknown): Promise<string[]> {
    const { rows } = await fixture.pool.query(
      'select * from events where payment_key = $1 order by sequence',
      [payment_key],
    );
    return rows.map((row) => `${row.sequence} ${row.type} ${row.status} ${row.position}`);
  }

  test('is appended for each move of the journal and each end of a command', async () => {
    const { id, payment_key } = await insertCommand(fixture.pool);
    await update(fixture.pool, 'payments', ['key', payment_key], { status: 'CREATED', cause: 'answer' });
    const moved = { payment_key, version: 1, from_status: null, to_status: 'CREATED', cause: 'answer' };
    await insert(fixture.pool, 'journal', moved);
    const problem = { code: 'x', detail: 'y' };
    for (const change of [
      { status: 'executing' },
      { status: 'parked', problem },
      { problem: { code: 'z', detail: 'y' } },
      { status: 'executing' },
      { status: 'rejected', finished_at: new Date() },
    ])
      await update(fixture.pool, 'commands', ['id', id], change);
    expect(await eventsOf(payment_key)).toEqual([
      '1 payment.moved CREATED null',
      '2 command.parked CREATED null',
      '3 command.rejected CREATED null',
    ]);
  });

  test('is given a position once, and nothing else of it ever changes', async () => {
    const { key: payment_key } = await insertPayment(fixture.pool);
    const row = { payment_key, sequence: 1, type: 'payment.moved', version: 1, final: false };
    const { id } = await insert(fixture.pool, 'events', row);
    await fixture.pool.query('select place_events(1000)');
    const change = (to: Row) => refusalOf(update(fixture.pool, 'events', ['id', id], to));
    expect(await change({ position: 4_711 })).toContain('events are append-only');
    const { id: another } = await insert(fixture.pool, 'events', { ...row, sequence: 2 });
    const both = update(fixture.pool, 'events', ['id', another], { position: 4_711, status: 'FAILED' });
    expect(await refusalOf(both)).toContain('events are append-only');
    const deletion = fixture.pool.query('delete from events where id = $1', [id]);
    expect(await refusalOf(deletion)).toContain('events are append-only');
  });

  test('of two transactions on one payment has no number twice and none left out', async () => {
    const { key: payment_key } = await insertPayment(fixture.pool);
    await Promise.all(
      Array.from({ length: 20 }, (_, nth) =>
        insert(fixture.pool, 'journal', {
          payment_key,
          version: nth + 1,
          from_status: null,
          to_status: 'CREATED',
          cause: 'read',
        }),
      ),
    );
    const { rows } = await fixture.pool.query(
      'select array_agg(sequence order by sequence) as numbers from events where payment_key = $1',
      [payment_key],
    );
    expect(rows[0].numbers).toEqual(Array.from({ length: 20 }, (_, nth) => nth + 1));
  });
});
