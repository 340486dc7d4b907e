import { describe, expect, it } from 'vitest';
import { type Evidence, judge } from '../../src/demo/verdict.ts';
import { flawlessRun } from './flawless-run.ts';

/** The sentences of all checks that do not hold. */
function faultsOf(evidence: Evidence): string[] {
  return judge(evidence).flatMap(({ faults }) => faults);
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`there is no item ${index}`);
  return item;
}

describe('judge', () => {
  it('finds nothing wrong with a flawless run, and looked at everything', () => {
    const checks = judge(flawlessRun());
    expect(checks.flatMap(({ faults }) => faults)).toEqual([]);
    expect(checks.every(({ count }) => count > 0)).toBe(true);
  });

  it('detects a double capture', () => {
    const evidence = flawlessRun();
    at(evidence.ledger.payments, 0).effects.capture = 2;
    expect(faultsOf(evidence)).toEqual([expect.stringContaining('capture happened 2 times, not 1')]);
  });

  it('detects an authorization that did not happen', () => {
    const evidence = flawlessRun();
    const authorized = evidence.ledger.payments.find(({ effects }) => effects.authorize === 1);
    if (authorized) authorized.effects.authorize = 0;
    expect(faultsOf(evidence)).toEqual([expect.stringContaining('authorize happened 0 times, not 1')]);
  });

  it('detects a payment that was created twice', () => {
    const evidence = flawlessRun();
    const { externalId } = at(evidence.ledger.payments, 0);
    evidence.ledger.byExternalId[externalId] = 2;
    expect(faultsOf(evidence)).toEqual([`Conomy has 2 payments with externalId ${externalId}`]);
  });

  it('detects a payment that is missing at the provider', () => {
    const evidence = flawlessRun();
    const [missing] = evidence.ledger.payments.splice(0, 1);
    delete evidence.ledger.byExternalId[missing?.externalId ?? ''];
    expect(faultsOf(evidence)).toEqual([
      `Conomy has 0 payments with externalId ${missing?.externalId}`,
      `${missing?.externalId}: SETTLED in the mirror, missing in the ledger`,
    ]);
  });

  it('detects a payment that is missing in the mirror', () => {
    const { externalId } = at(flawlessRun().mirror, 0);
    const evidence = { ...flawlessRun(), mirror: flawlessRun().mirror.slice(1) };
    expect(faultsOf(evidence)).toEqual([
      `the mirror of ${externalId} is missing`,
      `${externalId}: SETTLED in the ledger, missing in the mirror`,
    ]);
  });

  it('detects a mirror that calls settled what is not', () => {
    const evidence = flawlessRun();
    at(evidence.ledger.payments, 2).status = 'RECEIVED';
    expect(faultsOf(evidence)).toEqual([
      expect.stringContaining('RECEIVED in the ledger, SETTLED in the mirror'),
    ]);
  });

  it('detects a mirror with another amount, and takes "30000.0" and "30000.00" for the same', () => {
    const evidence = flawlessRun();
    at(evidence.mirror, 0).totalAmount = '30000.0';
    expect(faultsOf(evidence)).toEqual([]);
    at(evidence.mirror, 0).totalAmount = '30000.01';
    expect(faultsOf(evidence)).toEqual([expect.stringContaining('30000.00 COP in the ledger, 30000.01 COP')]);
  });

  it('detects a payment of a refused command', () => {
    const evidence = flawlessRun();
    const refused = evidence.commands.find(({ refusal }) => refusal);
    const externalId = refused?.planned.externalId ?? '';
    evidence.ledger.payments.push({ ...at(evidence.ledger.payments, 0), id: 'extra', externalId });
    expect(faultsOf(evidence)).toContain(`payment extra (${externalId}, SETTLED) should not exist`);
  });

  it('detects a refund that happened twice', () => {
    const evidence = flawlessRun();
    const { child, parent } = refundIn(evidence);
    parent.effects.refund = 2;
    evidence.ledger.payments.push({ ...child, id: 'second' });
    evidence.mirror = [...evidence.mirror, mirrorOf(evidence, child, 'second')];
    expect(faultsOf(evidence)).toEqual([
      expect.stringContaining('refund happened 2 times, not 1'),
      `${parent.externalId} was refunded 2 times, not once`,
    ]);
  });

  it('detects a refund that did not happen although its command succeeded', () => {
    const evidence = flawlessRun();
    const { child, parent } = refundIn(evidence);
    parent.effects.refund = 0;
    evidence.ledger.payments.splice(evidence.ledger.payments.indexOf(child), 1);
    expect(faultsOf(evidence)).toEqual([
      expect.stringContaining('refund happened 0 times, not 1'),
      `${parent.externalId} was refunded 0 times, not once`,
      `${child.id}: SETTLED in the mirror, missing in the ledger`,
    ]);
  });

  it('detects a refund of another amount, also when the mirror says the same', () => {
    const evidence = flawlessRun();
    const { child, parent } = refundIn(evidence);
    child.totalAmount = '5000.01';
    const mirrored = evidence.mirror.find(({ id }) => id === child.id);
    if (mirrored) mirrored.totalAmount = '5000.01';
    expect(faultsOf(evidence)).toEqual([
      `the refund of ${parent.externalId} is SETTLED over 5,000.01 COP, not SETTLED over 5,000.00 COP`,
    ]);
  });

  it('detects a refund that nobody asked for', () => {
    const evidence = flawlessRun();
    const { child } = refundIn(evidence);
    const other = at(evidence.ledger.payments, 0);
    other.effects.refund = 1;
    evidence.ledger.payments.push({ ...child, id: 'extra', parentPaymentId: other.id });
    expect(faultsOf(evidence)).toEqual([
      `${other.externalId} (${other.id}): refund happened 1 times, not 0`,
      `refund extra of ${other.externalId} should not exist`,
      'extra: SETTLED in the ledger, missing in the mirror',
    ]);
  });

  it('detects a refund that has not settled yet', () => {
    const evidence = flawlessRun();
    const { child } = refundIn(evidence);
    child.status = 'RECEIVED';
    expect(faultsOf(evidence)).toEqual([
      expect.stringContaining('is RECEIVED over 5,000.00 COP'),
      `${child.id}: RECEIVED in the ledger, SETTLED in the mirror`,
    ]);
  });

  it('detects an attempt that is recorded twice, and one that became a payment', () => {
    const evidence = flawlessRun();
    const attempt = at(evidence.ledger.attempts, 0);
    evidence.ledger.attempts.push({ ...attempt, id: 'second' });
    evidence.ledger.byExternalId[attempt.externalId] = 1;
    expect(faultsOf(evidence)).toEqual([
      `the attempt ${attempt.externalId} is ATTEMPT and ATTEMPT at Conomy`,
      `the attempt ${attempt.externalId} became 1 payments at Conomy`,
    ]);
  });

  it('detects an attempt that nobody asked for, and leaves out what there was none of', () => {
    const evidence = flawlessRun(1);
    expect(judge(evidence).map(({ statement }) => statement)).not.toContainEqual(
      expect.stringContaining('attempts were recorded'),
    );
    const extra = { ...at(flawlessRun().ledger.attempts, 0), id: 'extra', externalId: 'x' };
    evidence.ledger.attempts.push(extra);
    expect(faultsOf(evidence)).toContain('attempt extra (x) should not exist');
  });

  it('detects money that went elsewhere', () => {
    const evidence = flawlessRun();
    at(evidence.ledger.accounts, 0).availableFunds = '10000030000.00';
    expect(faultsOf(evidence)).toEqual([
      expect.stringContaining('holds 10000030000.00, not 10000015000.00 COP'),
    ]);
  });

  it.each([
    [
      'a refusal that did not come',
      12,
      { refusal: undefined, command: commandThatIs('accepted') },
      'is accepted',
    ],
    ['a command that is parked', 13, { command: commandThatIs('parked') }, 'is parked'],
    ['a command that was rejected', 1, { command: commandThatIs('rejected') }, 'is rejected'],
    ['a payment that failed', 1, { payment: paymentThatIs('FAILED') }, 'with a payment that is FAILED'],
  ])('detects %s', (_what, number, change, fault) => {
    const evidence = flawlessRun();
    Object.assign(at(evidence.commands, number - 1), change);
    expect(faultsOf(evidence)).toEqual([expect.stringMatching(`^command ${number} .*${fault}`)]);
  });
});

/** The refund of the showcase and the payment it gives back, as the ledger has them. */
function refundIn({ ledger }: Evidence) {
  const child = ledger.payments.find(({ type }) => type === 'REFUND');
  const parent = ledger.payments.find(({ id }) => id === child?.parentPaymentId);
  if (!child || !parent) throw new Error('the run has no refund');
  return { child, parent };
}

function mirrorOf({ mirror }: Evidence, { id }: { id: string }, as: string) {
  const mirrored = mirror.find((payment) => payment.id === id);
  if (!mirrored) throw new Error(`${id} is not in the mirror`);
  return { ...mirrored, id: as, key: as };
}

function commandThatIs(status: string) {
  return { id: 'changed', status, payment: { key: 'changed' }, acceptedAt: 0 };
}

function paymentThatIs(status: string) {
  return { key: 'changed', status, mirror: { updatedAt: 0, final: true } };
}
