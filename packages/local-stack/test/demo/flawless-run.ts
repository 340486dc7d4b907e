import { DEFAULT_ACCOUNTS } from '@capstan/conomy-sandbox/default-accounts';
import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { formatAmount, parseSendableAmount } from '@capstan/shared/domain/money';
import type { CommandView, PaymentView } from '../../src/demo/api-answers.ts';
import { expectedMovements } from '../../src/demo/expected-movements.ts';
import type { TrackedCommand } from '../../src/demo/tracked-command.ts';
import type { Evidence } from '../../src/demo/verdict.ts';
import {
  buildWorkload,
  isAuthorizeAsked,
  type PlannedCommand,
  settlingBody,
} from '../../src/demo/workload.ts';

const ACCEPTED_AT = Date.UTC(2026, 4, 18);

/** What is seen when every command ends as it should; each call makes new objects, for tests to spoil. */
export function flawlessRun(count = 24): Evidence {
  const workload = buildWorkload({ count, seed: 1, run: 'test' });
  const settling = workload.filter((planned) => settlingBody(planned));
  const movements = expectedMovements(settling);
  return {
    commands: workload.map(track),
    mirror: settling.map(paymentView),
    accountsBefore: DEFAULT_ACCOUNTS,
    ledger: {
      payments: settling.map(ledgerPayment),
      byExternalId: Object.fromEntries(settling.map(({ externalId }) => [externalId, 1])),
      attempts: [],
      accounts: DEFAULT_ACCOUNTS.map((account) => {
        const { minor, currency } = parseSendableAmount(account.availableFunds, account.currency);
        const after = minor + (movements.get(account.accountNumber) ?? 0n);
        return { ...account, availableFunds: formatAmount({ minor: after, currency }) };
      }),
    },
  };
}

function track(planned: PlannedCommand): TrackedCommand {
  switch (planned.expected.kind) {
    case 'refused': {
      const { httpStatus, code } = planned.expected;
      return { planned, refusal: { httpStatus, problem: { code, detail: 'no' } } };
    }
    case 'rejected': {
      const provider = { status: 404, code: planned.expected.providerCode, type: 'notFound' };
      const problem = { code: 'provider_rejected', detail: 'no such account', provider };
      return { planned, command: { ...commandView(planned, 'rejected'), problem } };
    }
    case 'settled':
      return { planned, command: commandView(planned, 'succeeded'), payment: paymentView(planned) };
  }
}

function commandView({ number }: PlannedCommand, status: string): CommandView {
  const payment = { key: `key-${number}` };
  return { id: `command-${number}`, status, payment, acceptedAt: ACCEPTED_AT, finishedAt: ACCEPTED_AT + 300 };
}

function paymentView({ number, externalId, amount, currency }: PlannedCommand): PaymentView {
  const mirror = { updatedAt: ACCEPTED_AT + 1_500, final: true };
  return { key: `key-${number}`, externalId, status: 'SETTLED', totalAmount: amount, currency, mirror };
}

function ledgerPayment(planned: PlannedCommand): LedgerPayment {
  const { number, externalId, type, amount, currency } = planned;
  const authorize = isAuthorizeAsked(planned) ? 1 : 0;
  return {
    id: `conomy-${number}`,
    externalId,
    type,
    status: 'SETTLED',
    totalAmount: amount,
    currency,
    effects: { create: 1, authorize, capture: 1, refund: 0 },
    calls: { create: 1, authorize, capture: 1, read: 2, simulate: 0, refund: 0 },
  };
}
