import type { SandboxAccount } from '@capstan/conomy-sandbox/default-accounts';
import type { Ledger, LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import {
  formatAmount,
  type Money,
  parseSendableAmount,
  readReceivedAmount,
} from '@capstan/shared/domain/money';
import type { PaymentView } from './api-answers.ts';
import { expectedMovements } from './expected-movements.ts';
import { explainUnexpectedEnd, type TrackedCommand } from './tracked-command.ts';
import { isAuthorizeAsked, type PlannedCommand, settlingBody } from './workload.ts';

/** Everything that was seen once all commands had ended. */
export interface Evidence {
  commands: readonly TrackedCommand[];
  /** Capstan's payments. */
  mirror: readonly PaymentView[];
  /** What really happened at the sandbox. */
  ledger: Ledger;
  accountsBefore: readonly SandboxAccount[];
}

/** One thing that must hold, for all of many. */
export interface Check {
  statement: string;
  /** How many it was looked at for. */
  count: number;
  /** One sentence for each that disagrees; none = it holds. */
  faults: string[];
}

/** Compares what was asked for, what Capstan says and what the sandbox did. */
export function judge(evidence: Evidence): Check[] {
  const settling = evidence.commands.map(({ planned }) => planned).filter((planned) => settlingBody(planned));
  return [
    checkEnds(evidence),
    checkSettled(settling, evidence),
    checkEffects(settling, evidence),
    checkOnlyOne(settling, evidence),
    checkNothingElse(settling, evidence),
    checkAgreement(evidence),
    checkBalances(settling, evidence),
  ];
}

function checkEnds({ commands }: Evidence): Check {
  const faults = commands.flatMap((tracked) => {
    const fault = explainUnexpectedEnd(tracked);
    return fault === null
      ? []
      : [`command ${tracked.planned.number} (${tracked.planned.externalId}) ${fault}`];
  });
  return {
    statement: 'commands ended exactly as expected before they were sent',
    count: commands.length,
    faults,
  };
}

function checkSettled(settling: readonly PlannedCommand[], { mirror }: Evidence): Check {
  const byExternalId = mirrorByExternalId(mirror);
  const faults = settling.flatMap(({ externalId }) => {
    const status = byExternalId.get(externalId)?.status ?? 'missing';
    return status === 'SETTLED' ? [] : [`the mirror of ${externalId} is ${status}`];
  });
  return { statement: "payments are SETTLED in Capstan's mirror", count: settling.length, faults };
}

function checkEffects(settling: readonly PlannedCommand[], { ledger }: Evidence): Check {
  const byExternalId = Map.groupBy(ledger.payments, ({ externalId }) => externalId);
  const faults = settling.flatMap((planned) => {
    const authorize = isAuthorizeAsked(planned) ? 1 : 0;
    const wanted = { create: 1, authorize, capture: 1, refund: 0 };
    return (byExternalId.get(planned.externalId) ?? []).flatMap(({ id, effects }) =>
      Object.entries(wanted)
        .filter(([name, times]) => effects[name as keyof typeof effects] !== times)
        .map(
          ([name, times]) =>
            `${planned.externalId} (${id}): ${name} happened ${effects[name as keyof typeof effects]} times, not ${times}`,
        ),
    );
  });
  const statement = 'payments had each effect at Conomy once: one create, one capture, authorize where asked';
  return { statement, count: settling.length, faults };
}

function checkOnlyOne(settling: readonly PlannedCommand[], { ledger }: Evidence): Check {
  const faults = settling.flatMap(({ externalId }) => {
    const times = ledger.byExternalId[externalId] ?? 0;
    return times === 1 ? [] : [`Conomy has ${times} payments with externalId ${externalId}`];
  });
  return { statement: 'externalIds stand for exactly one payment at Conomy', count: settling.length, faults };
}

function checkNothingElse(settling: readonly PlannedCommand[], { ledger }: Evidence): Check {
  const asked = new Set(settling.map(({ externalId }) => externalId));
  const faults = ledger.payments
    .filter(({ externalId }) => !asked.has(externalId))
    .map(({ id, externalId, status }) => `payment ${id} (${externalId}, ${status}) should not exist`);
  const count = ledger.payments.length;
  return { statement: 'payments at Conomy were all asked for; nothing refused left a trace', count, faults };
}

function checkAgreement({ mirror, ledger }: Evidence): Check {
  const byExternalId = mirrorByExternalId(mirror);
  const inLedger = new Set(ledger.payments.map(({ externalId }) => externalId));
  const inMirrorOnly = [...byExternalId.values()].filter(
    ({ externalId = '', status }) => status && !inLedger.has(externalId),
  );
  const faults = ledger.payments.flatMap((payment) => {
    const disagreement = explainDisagreement(payment, byExternalId.get(payment.externalId));
    return disagreement === null ? [] : [`${payment.externalId}: ${disagreement}`];
  });
  for (const { externalId, status } of inMirrorOnly) {
    faults.push(`${externalId}: ${status} in the mirror, missing in the ledger`);
  }
  const statement = "payments have the same status and amount in Capstan's mirror and in Conomy's ledger";
  return { statement, count: ledger.payments.length, faults };
}

function explainDisagreement(payment: LedgerPayment, mirror: PaymentView | undefined): string | null {
  if (!mirror) return `${payment.status} in the ledger, missing in the mirror`;
  if (mirror.status !== payment.status) {
    return `${payment.status} in the ledger, ${mirror.status ?? 'without status'} in the mirror`;
  }
  const inLedger = readReceivedAmount(payment.totalAmount, payment.currency);
  const inMirror = readReceivedAmount(mirror.totalAmount, mirror.currency);
  return inLedger.exact && inMirror.exact && isSame(inLedger.money, inMirror.money)
    ? null
    : `${payment.totalAmount} ${payment.currency} in the ledger, ${mirror.totalAmount} ${mirror.currency} in the mirror`;
}

function checkBalances(settling: readonly PlannedCommand[], { ledger, accountsBefore }: Evidence): Check {
  const movements = expectedMovements(settling);
  const after = new Map(ledger.accounts.map((account) => [account.accountNumber, account]));
  const faults = accountsBefore.flatMap((before) => {
    const { accountNumber, currency } = before;
    const now = after.get(accountNumber);
    const minor = minorOf(before) + (movements.get(accountNumber) ?? 0n);
    if (now && minorOf(now) === minor) return [];
    const expected = formatAmount({ minor, currency });
    return [
      `account ${accountNumber} holds ${now?.availableFunds ?? 'nothing'}, not ${expected} ${currency}`,
    ];
  });
  const statement = 'account balances moved by exactly the sum of their payments';
  return { statement, count: accountsBefore.length, faults };
}

/** A rejected create frees its externalId: a payment that Conomy knows counts before one it does not. */
function mirrorByExternalId(mirror: readonly PaymentView[]): Map<string, PaymentView> {
  const byExternalId = new Map<string, PaymentView>();
  for (const payment of mirror) {
    const { externalId, status } = payment;
    if (externalId !== undefined && (status || !byExternalId.has(externalId)))
      byExternalId.set(externalId, payment);
  }
  return byExternalId;
}

function minorOf({ availableFunds, currency }: SandboxAccount): bigint {
  const read = readReceivedAmount(availableFunds, currency);
  return read.exact ? read.money.minor : parseSendableAmount(availableFunds, currency).minor;
}

function isSame(one: Money, other: Money): boolean {
  return one.currency === other.currency && one.minor === other.minor;
}
