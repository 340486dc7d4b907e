import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginAttempt, finishAttempt, markAttemptAbandoned } from '../../src/db/attempts.ts';
import {
  type ClaimedCommand,
  ClaimLostError,
  claimCommand,
  continueCommand,
  deferCommand,
  endCommand,
  keepClaim,
} from '../../src/db/claims.ts';
import {
  type CommandProblem,
  rejectBlockedCommands,
  takeDueCommands,
  unblockNextCommands,
} from '../../src/db/commands.ts';
import type { Pool, PoolClient } from '../../src/db/pool.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { addAttemptRead } from '../../src/db/unknown-attempts.ts';
import { insertCommand, insertPayment, openDatabaseFixture, readRow } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
let later: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
  later = fixture.poolLater('1 hour');
});
afterAll(async () => {
  await later.end();
  await fixture.close();
});

const LEASE_MS = 15_000;

function claim(id: string, worker = 'first', db = pool): Promise<ClaimedCommand | null> {
  return inTransaction(db, (tx) => claimCommand(tx, { id, worker, leaseMs: LEASE_MS, nowMs: 0 }));
}

async function claimed(id: string, worker = 'first', db = pool): Promise<ClaimedCommand> {
  const command = await claim(id, worker, db);
  if (command === null) throw new Error(`command ${id} could not be claimed`);
  return command;
}

const call = {
  operation: 'capture',
  number: 1,
  worker: 'first',
  callMsMax: 12_000,
  documentationBefore: null,
} as const;

describe('a claim', () => {
  test('takes an accepted command with everything needed to decide', async () => {
    const paymentKey = await insertPayment(pool, { status: 'CREATED' });
    const id = await insertCommand(pool, { paymentKey });
    expect(await claim(id)).toEqual({
      id,
      epoch: 1,
      type: 'payment.capture',
      steps: ['capture'],
      stepsDone: 0,
      failures: 0,
      tries: 0,
      vainReads: 0,
      createBody: null,
      document: null,
      documentationStatus: null,
      refund: null,
      notAfterAtMs: null,
      deadlinePassed: false,
      redriven: false,
      paymentKey,
      duplicateOf: null,
      paymentKind: 'payment',
      conomyId: `conomy-${paymentKey}`,
      externalId: `ext-${paymentKey}`,
      asked: null,
      isCompared: false,
      differs: [],
      amountDiffers: false,
      paymentStatus: 'CREATED',
      paymentAgeMs: expect.any(Number),
      paymentVersion: 0,
      paymentType: null,
      attempt: null,
    });
    expect(await readRow(pool, 'commands', 'id', id)).toMatchObject({
      status: 'executing',
      claimed_by: 'first',
    });
  });

  test('tells what the create of the payment asked for, and whether its amount differs', async () => {
    const paymentKey = await insertPayment(pool, { status: 'CREATED' });
    const body = {
      externalId: 'order-1',
      purchaseAmount: '30000.00',
      purchaseCurrency: 'COP',
      product: 'COP:COP',
    };
    await pool.query(
      `insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, steps_done, status, accepted_by, finished_at)
       values (gen_random_uuid(), $1::text, sha256(convert_to($1::text, 'UTF8')), 'payment.create', $2, $3, '{create}', 1, 'succeeded', 'test', capstan_now())`,
      [`key-${paymentKey}`, paymentKey, body],
    );
    await pool.query(
      `insert into discrepancies (kind, payment_key, mirror, mirror_read_at, provider, provider_read_at, cause)
       values ('amount_differs', $1, '{}', capstan_now(), '{}', capstan_now(), 'test')`,
      [paymentKey],
    );
    const { product: _, ...asked } = body;
    const none = { accountNumber: null, type: null, totalAmount: null, currency: null };
    const taken = await claim(await insertCommand(pool, { paymentKey }));
    expect(taken).toMatchObject({ amountDiffers: true, isCompared: false });
    expect(taken?.asked).toEqual({ ...none, ...asked });
  });

  test('is refused while another is alive', async () => {
    const id = await insertCommand(pool);
    await claimed(id);
    expect(await claim(id, 'second')).toBeNull();
  });

  test('is won by exactly one of twenty workers', async () => {
    const id = await insertCommand(pool);
    const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => claim(id, `worker-${n}`)));
    expect(claims.filter((won) => won !== null)).toHaveLength(1);
  });

  test('is taken over once its lease has ended, at the next epoch', async () => {
    const id = await insertCommand(pool);
    await claimed(id);
    expect(await claimed(id, 'second', later)).toMatchObject({ epoch: 2 });
    expect(await claim(id, 'first')).toBeNull();
  });

  test.each(['blocked', 'parked'] as const)('is refused for a %s command', async (status) => {
    expect(await claim(await insertCommand(pool, { status }))).toBeNull();
  });

  test('is refused for a command that waits, and granted when it is due', async () => {
    const id = await insertCommand(pool, { dueMs: 60_000 });
    expect(await claim(id)).toBeNull();
    expect(await claim(id, 'first', later)).not.toBeNull();
  });

  test('forgives a job that fires a little early', async () => {
    expect(await claim(await insertCommand(pool, { dueMs: 150 }))).not.toBeNull();
  });

  test('shows the newest attempt of the step under way', async () => {
    const id = await insertCommand(pool);
    const first = await claimed(id);
    const attemptId = await inTransaction(pool, (tx) => beginAttempt(tx, first, call));
    expect((await claimed(id, 'second', later)).attempt).toEqual({
      id: attemptId,
      number: 1,
      outcome: null,
      resolution: null,
    });
  });

  test('of a command that is not there is null', async () => {
    expect(await claim('0197f0a0-0000-7000-8000-000000000000')).toBeNull();
  });
});

describe('a worker that lost its claim', () => {
  type Write = (tx: PoolClient, command: ClaimedCommand, attemptId: number) => Promise<unknown>;
  const problem: CommandProblem = { code: 'provider_rejected', detail: 'y' };

  test.each<[string, Write]>([
    [
      'finish its attempt after the next worker gave it up',
      async (tx, command, attemptId) =>
        finishAttempt(tx, command, attemptId, { outcome: 'succeeded', failure: null }),
    ],
    ['end the command', (tx, command) => endCommand(tx, command, { status: 'succeeded', problem: null })],
    ['park the command', (tx, command) => endCommand(tx, command, { status: 'parked', problem })],
    [
      'put the command off',
      (tx, command) =>
        deferCommand(tx, command, { status: 'executing', dueMs: 0, graceMs: 0, waitsFor: null }),
    ],
    [
      'keep the command',
      (tx, command) => continueCommand(tx, command, { status: 'executing', leaseMs: LEASE_MS }),
    ],
  ])('cannot %s, and what else it wrote leaves no trace', async (_what, write) => {
    const id = await insertCommand(pool);
    const lost = await claimed(id);
    const attemptId = await inTransaction(pool, (tx) => beginAttempt(tx, lost, call));
    await inTransaction(later, async (tx) => {
      const taken = await claimCommand(tx, { id, worker: 'second', leaseMs: LEASE_MS, nowMs: 0 });
      await markAttemptAbandoned(tx, taken?.attempt?.id ?? 0);
    });
    const before = [
      await readRow(pool, 'commands', 'id', id),
      await readRow(pool, 'attempts', 'id', attemptId),
    ];

    const writing = inTransaction(pool, async (tx) => {
      const read = { beganMsAgo: 0, process: 'one', processMs: 0, answered: true, detail: {} };
      await addAttemptRead(tx, attemptId, { ...read, finding: 'absent' });
      await write(tx, { ...lost, stepsDone: 1 }, attemptId);
    });

    await expect(writing).rejects.toBeInstanceOf(ClaimLostError);
    const after = [
      await readRow(pool, 'commands', 'id', id),
      await readRow(pool, 'attempts', 'id', attemptId),
    ];
    expect(after).toEqual(before);
    expect(await readRow(pool, 'attempt_reads', 'attempt_id', attemptId)).toBeUndefined();
  });
});

describe('a claim that is kept', () => {
  const leaseOf = async (id: string) => {
    const { claimed_until, offer_at, claim_epoch } = (await readRow(pool, 'commands', 'id', id)) ?? {};
    return { claimed_until, offer_at, claim_epoch };
  };

  test('lasts from now on, and the relay offers the command when it ends', async () => {
    const id = await insertCommand(pool);
    const command = await claimed(id);
    await keepClaim(later, command, LEASE_MS);
    const kept = await leaseOf(id);
    expect(kept.offer_at).toEqual(kept.claimed_until);
    expect(await claim(id, 'second', later)).toBeNull();
  });

  test.each<[string, (tx: PoolClient, command: ClaimedCommand) => Promise<unknown>]>([
    [
      'that was given back',
      (tx, command) =>
        deferCommand(tx, command, { status: 'executing', dueMs: 60_000, graceMs: 0, waitsFor: null }),
    ],
    [
      'of a command that was parked',
      (tx, command) =>
        endCommand(tx, command, { status: 'parked', problem: { code: 'payment_unclear', detail: 'Look.' } }),
    ],
    [
      'that lasts longer by now',
      (tx, command) => continueCommand(tx, command, { status: 'executing', leaseMs: 2 * LEASE_MS }),
    ],
  ])('too late changes nothing of one %s', async (_what, meanwhile) => {
    const id = await insertCommand(pool);
    const command = await claimed(id);
    await inTransaction(pool, (tx) => meanwhile(tx, command));
    const before = await leaseOf(id);
    await keepClaim(pool, command, LEASE_MS);
    expect(await leaseOf(id)).toEqual(before);
  });

  test('by a worker that lost it leaves it to the next one', async () => {
    const id = await insertCommand(pool);
    const lost = await claimed(id);
    await claimed(id, 'second', later);
    const before = await leaseOf(id);
    await keepClaim(later, lost, 2 * LEASE_MS);
    expect(await leaseOf(id)).toEqual(before);
  });
});

describe('a claimed command', () => {
  test('put off is free to be claimed again when it is due', async () => {
    const id = await insertCommand(pool);
    const command = await claimed(id);
    await inTransaction(pool, (tx) =>
      deferCommand(
        tx,
        { ...command, failures: 2 },
        { status: 'unresolved', dueMs: 1_000, graceMs: 0, waitsFor: null },
      ),
    );
    expect(await claim(id)).toBeNull();
    expect(await claimed(id, 'second', later)).toMatchObject({ epoch: 2, failures: 2 });
    expect(await readRow(pool, 'commands', 'id', id)).toMatchObject({ status: 'unresolved' });
  });

  test('ended is never claimed again', async () => {
    const id = await insertCommand(pool);
    const command = await claimed(id);
    await inTransaction(pool, (tx) =>
      endCommand(tx, { ...command, stepsDone: 1 }, { status: 'succeeded', problem: null }),
    );
    expect(await claim(id, 'second', later)).toBeNull();
    const row = await readRow(pool, 'commands', 'id', id);
    expect(row).toMatchObject({ status: 'succeeded', claimed_by: null, offer_at: null, steps_done: 1 });
    expect(row.finished_at).toBeInstanceOf(Date);
  });

  test('parked has no end yet', async () => {
    const id = await insertCommand(pool);
    const command = await claimed(id);
    const problem: CommandProblem = { code: 'payment_unclear', detail: 'Look.' };
    await inTransaction(pool, (tx) => endCommand(tx, command, { status: 'parked', problem }));
    expect(await readRow(pool, 'commands', 'id', id)).toMatchObject({
      status: 'parked',
      finished_at: null,
      problem,
    });
  });
});

describe('commands behind one another', () => {
  async function lineUp() {
    const paymentKey = await insertPayment(pool, { status: 'CREATED' });
    const first = await insertCommand(pool, { paymentKey });
    const second = await insertCommand(pool, { paymentKey, status: 'blocked' });
    const third = await insertCommand(pool, { paymentKey, status: 'blocked' });
    return { paymentKey, first, second, third };
  }
  const unblock = (paymentKey: string) =>
    inTransaction(pool, (tx) => unblockNextCommands(tx, paymentKey, 5_000));
  async function end(id: string) {
    const command = await claimed(id);
    await inTransaction(pool, (tx) =>
      endCommand(tx, { ...command, stepsDone: 1 }, { status: 'succeeded', problem: null }),
    );
  }

  test('run in the order accepted, one at a time', async () => {
    const { paymentKey, first, second, third } = await lineUp();
    await end(first);
    expect(await unblock(paymentKey)).toEqual([{ id: second, epoch: 0 }]);
    await end(second);
    expect(await unblock(paymentKey)).toEqual([{ id: third, epoch: 0 }]);
    await end(third);
    expect(await unblock(paymentKey)).toEqual([]);
  });

  test('cannot overtake: none is unblocked while one is at work', async () => {
    const { paymentKey, first } = await lineUp();
    expect(await unblock(paymentKey)).toEqual([]);
    await pool.query(`update commands set status = 'parked', problem = '{}', offer_at = null where id = $1`, [
      first,
    ]);
    expect(await unblock(paymentKey)).toEqual([]);
  });

  const document = { type: 'kyc', url: 'https://files.example/kyc.pdf' } as const;

  test('documents have an order of their own beside the steps', async () => {
    const { paymentKey, second } = await lineUp();
    const sent = await insertCommand(pool, { paymentKey, document });
    const next = await insertCommand(pool, { paymentKey, document, status: 'blocked' });
    expect(await unblock(paymentKey)).toEqual([]);
    await end(sent);
    expect(await unblock(paymentKey)).toEqual([{ id: next, epoch: 0 }]);
    expect(await readRow(pool, 'commands', 'id', second)).toMatchObject({ status: 'blocked' });
  });

  test('a document waits for the Conomy id while a step may still bring it, and no longer', async () => {
    const paymentKey = await insertPayment(pool);
    const create = await insertCommand(pool, { paymentKey });
    const waiting = await insertCommand(pool, { paymentKey, document, status: 'blocked' });
    expect(await unblock(paymentKey)).toEqual([]);
    await end(create);
    expect(await unblock(paymentKey)).toEqual([{ id: waiting, epoch: 0 }]);
  });

  test('all end when there will be no payment', async () => {
    const { paymentKey, first, second, third } = await lineUp();
    const problem: CommandProblem = { code: 'predecessor_failed', detail: 'z' };
    const rejected = await inTransaction(pool, (tx) => rejectBlockedCommands(tx, paymentKey, problem));
    expect(rejected.sort()).toEqual([second, third].sort());
    expect(await readRow(pool, 'commands', 'id', third)).toMatchObject({ status: 'rejected', problem });
    expect(await readRow(pool, 'commands', 'id', first)).toMatchObject({ status: 'accepted' });
  });
});

describe('taking due commands', () => {
  beforeAll(() =>
    pool.query(`update commands set offer_at = capstan_now() + interval '1 day' where offer_at is not null`),
  );

  test('hands each to one taker only, never more than asked for, and none before its time', async () => {
    const due = await Promise.all(Array.from({ length: 30 }, () => insertCommand(pool)));
    const notDue = await insertCommand(pool, { offerMs: 60_000 });
    const takes = await Promise.all(Array.from({ length: 6 }, () => takeDueCommands(pool, 4, 60_000)));
    for (const taken of takes) expect(taken.length).toBeLessThanOrEqual(4);
    const ids = takes.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(notDue);
    const rest = await takeDueCommands(pool, 100, 60_000);
    expect([...ids, ...rest.map(({ id }) => id)].sort()).toEqual(due.sort());
    expect(await takeDueCommands(pool, 100, 60_000)).toEqual([]);
    await Promise.all(due.map((id) => pool.query('update commands set offer_at = null where id = $1', [id])));
  });
});
