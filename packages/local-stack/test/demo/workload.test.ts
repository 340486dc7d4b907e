import { readFileSync } from 'node:fs';
import { DEFAULT_ACCOUNTS } from '@capstan/conomy-sandbox/default-accounts';
import { parseSendableAmount } from '@capstan/shared/domain/money';
import { paymentCommand } from '@capstan/shared/domain/payment-command';
import { PAYMENT_TYPE_NAMES } from '@capstan/shared/domain/payment-types';
import { describe, expect, it } from 'vitest';
import { COMMANDS_MAX } from '../../src/demo/demo-options.ts';
import { takenFromAccounts } from '../../src/demo/expected-movements.ts';
import { SHOWN_ACCOUNT } from '../../src/demo/payment-bodies.ts';
import { buildWorkload, type PlannedCommand, settlingBody } from '../../src/demo/workload.ts';

const FIXTURE = new URL(
  '../../../testing/fixtures/conomy/create-payment-collect.request.json',
  import.meta.url,
);

function build(count: number, seed = 1): PlannedCommand[] {
  return buildWorkload({ count, seed, run: 'test' });
}

describe('buildWorkload', () => {
  it('is the same for the same seed', () => {
    expect(build(200, 42)).toEqual(build(200, 42));
  });

  it('draws another mix for another seed', () => {
    expect(build(200, 42)).not.toEqual(build(200, 43));
  });

  it.each([1, 2, 5, 6, 7, 8, 9, 24, 101, 500])('makes exactly %i commands, numbered in order', (count) => {
    expect(build(count).map(({ number }) => number)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  });

  it.each([1, 2, 3, 99])('always begins with the same showcase (seed %i)', (seed) => {
    const shown = build(24, seed).filter(({ showcase }) => showcase);
    expect(shown.map(({ type, command, expected }) => [type, command.type, expected.kind])).toEqual([
      ['COLLECT', 'payment.create', 'settled'],
      ['PURCHASE', 'payment.create', 'settled'],
      ['P2P', 'payment.create', 'settled'],
      ['REFUND', 'payment.refund', 'refunded'],
      ['P2P', 'payment.create', 'settled'],
      ['TOPUP_ACCOUNT', 'payment.create', 'settled'],
      ['WITHDRAWAL_ACCOUNT', 'payment.create', 'settled'],
      ['REMITTANCE', 'payment.create', 'settled'],
      ['P2P', 'payment.create', 'settled'],
      ['P2P', 'payment.capture', 'settled'],
      ['PURCHASE', 'payment-attempt.create', 'attempted'],
      ['P2P', 'payment.create', 'refused'],
      ['P2P', 'payment.create', 'rejected'],
    ]);
  });

  it('shows a payment of every type that can be created', () => {
    const shown = build(24).filter(({ showcase, expected }) => showcase && expected.kind === 'settled');
    expect(new Set(shown.map(({ type }) => type))).toEqual(new Set(PAYMENT_TYPE_NAMES));
  });

  it('refunds a part of payments of the same workload, each at most once', () => {
    const workload = build(500);
    const refunds = workload.filter(({ command }) => command.type === 'payment.refund');
    expect(refunds.length).toBeGreaterThan(1);
    expect(new Set(refunds.map(({ externalId }) => externalId)).size).toBe(refunds.length);
    for (const { externalId, amount, currency } of refunds) {
      const created = workload.find((planned) => planned.externalId === externalId);
      const whole = parseSendableAmount(created?.amount ?? '', currency).minor;
      expect(created && settlingBody(created)).not.toBeNull();
      expect(parseSendableAmount(amount, currency).minor).toBeLessThan(whole);
    }
  });

  it("sends the COLLECT of the provider's documentation first, under an externalId of its own", () => {
    const [first] = build(24);
    const documented = JSON.parse(readFileSync(FIXTURE, 'utf8'));
    expect(first?.command).toEqual({
      type: 'payment.create',
      payment: { ...documented, externalId: first?.externalId },
      then: ['capture'],
    });
  });

  it('names every payment and every command once', () => {
    const workload = build(500);
    const created = workload.filter(({ command }) => command.type.endsWith('.create'));
    expect(new Set(created.map(({ externalId }) => externalId)).size).toBe(created.length);
    expect(new Set(workload.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(workload.length);
  });

  it('expects a refusal of exactly the commands that are not valid', () => {
    for (const { command, expected } of build(500)) {
      expect(paymentCommand.safeParse(command).success).toBe(expected.kind !== 'refused');
    }
  });

  it('captures every payment that is to settle by exactly one step', () => {
    const workload = build(500);
    for (const planned of workload.filter((each) => settlingBody(each))) {
      const ofPayment = workload.filter(({ externalId }) => externalId === planned.externalId);
      const captures = ofPayment.filter(
        ({ command }) =>
          command.type === 'payment.capture' || (command.type === 'payment.create' && command.then),
      );
      expect(captures).toHaveLength(1);
    }
  });

  it('leaves the account whose balance is shown to the documented COLLECT', () => {
    const others = JSON.stringify(build(500).slice(1));
    expect(others).not.toContain(SHOWN_ACCOUNT.accountNumber);
  });

  it('never takes more from an account than it starts with, however large it is', () => {
    const taken = takenFromAccounts(build(COMMANDS_MAX));
    for (const { accountNumber, availableFunds, currency } of DEFAULT_ACCOUNTS) {
      const { minor } = parseSendableAmount(availableFunds, currency);
      expect(minor + (taken.get(accountNumber) ?? 0n)).toBeGreaterThan(0n);
    }
  });
});
