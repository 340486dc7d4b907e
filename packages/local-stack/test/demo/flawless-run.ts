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
  const refunds = workload.filter(({ refunds }) => refunds);
  const attempts = workload.filter(({ expected }) => expected.kind === 'attempted');
  const plan = planOf(workload);
  const movements = expectedMovements(workload);
  return {
    commands: workload.map((planned) => track(planned, plan)),
    mirror: [...settling, ...refunds, ...attempts].map((planned) => paymentView(planned, plan)),
    accountsBefore: DEFAULT_ACCOUNTS,
    ledger: {
      payments: [...settling, ...refunds].map((planned) => ledgerPayment(planned, plan)),
      attempts: attempts.map((planned) => ledgerPayment(planned, plan)),
      byExternalId: Object.fromEntries(settling.map(({ externalId }) => [externalId, 1])),
      accounts: DEFAULT_ACCOUNTS.map((account) => {
        const { minor, currency } = parseSendableAmount(account.availableFunds, account.currency);
        const after = minor + (movements.get(account.accountNumber) ?? 0n);
        return { ...account, availableFunds: formatAmount({ minor: after, currency }) };
      }),
      filled: [],
    },
  };
}

/** What commands of one payment know of each other, by its externalId. */
interface Plan {
  /** Number of the command that creates it, which is its first. */
  created: ReadonlyMap<string, number>;
  refunded: ReadonlySet<string>;
}

function planOf(workload: readonly PlannedCommand[]): Plan {
  return {
    created: new Map(workload.toReversed().map(({ externalId, number }) => [externalId, number])),
    refunded: new Set(workload.filter(({ refunds }) => refunds).map(({ externalId }) => externalId)),
  };
}

function track(planned: PlannedCommand, plan: Plan): TrackedCommand {
  switch (planned.expected.kind) {
    case 'refused': {
      const { httpStatus, code } = planned.expected;
      return { planned, refusal: { httpStatus, problem: { code, detail: 'no' } } };
    }
    case 'rejected': {
      const provider = { status: 404, code: planned.expected.providerCode, type: 'notFound' };
      const problem = { code: 'provider_rejected', detail: 'no such account', provider };
      return { planned, command: { ...commandView(planned, plan, 'rejected'), problem } };
    }
    case 'settled':
    case 'refunded':
    case 'attempted':
      return {
        planned,
        command: commandView(planned, plan, 'succeeded'),
        payment: paymentView(planned, plan),
      };
  }
}

function commandView({ number, externalId }: PlannedCommand, plan: Plan, status: string): CommandView {
  const created = plan.created.get(externalId);
  const payment = { key: `key-${created}`, id: `conomy-${created}` };
  return { id: `command-${number}`, status, payment, acceptedAt: ACCEPTED_AT, finishedAt: ACCEPTED_AT + 300 };
}

function paymentView(planned: PlannedCommand, plan: Plan): PaymentView {
  const { id, externalId, status, totalAmount, currency, parentPaymentId } = ledgerPayment(planned, plan);
  return {
    key: id.replace('conomy', 'key'),
    id,
    ...(parentPaymentId === undefined ? { externalId } : { parentPaymentId }),
    status,
    totalAmount,
    currency,
    mirror: { updatedAt: ACCEPTED_AT + 1_500, final: status !== 'ATTEMPT' },
  };
}

function ledgerPayment(planned: PlannedCommand, plan: Plan): LedgerPayment {
  const { externalId, type, amount: totalAmount, currency, expected } = planned;
  const status = expected.kind === 'attempted' ? ('ATTEMPT' as const) : ('SETTLED' as const);
  const effects = effectsOf(planned, plan);
  const calls = { ...effects, read: 2, simulate: 0 };
  const amounts = { totalAmount, currency, purchaseAmount: totalAmount, purchaseCurrency: currency };
  const common = {
    type,
    status,
    ...amounts,
    accountNumber: 'account-1',
    effects,
    calls,
    history: [],
    asked: [],
  };
  const created = plan.created.get(externalId);
  return planned.refunds
    ? { ...common, id: `conomy-${planned.number}`, externalId: '', parentPaymentId: `conomy-${created}` }
    : { ...common, id: `conomy-${created}`, externalId };
}

function effectsOf(planned: PlannedCommand, plan: Plan): LedgerPayment['effects'] {
  if (!settlingBody(planned)) return { create: 1, authorize: 0, capture: 0, refund: 0 };
  const authorize = isAuthorizeAsked(planned) ? 1 : 0;
  const refund = plan.refunded.has(planned.externalId) ? 1 : 0;
  return { create: 1, authorize, capture: 1, refund };
}
