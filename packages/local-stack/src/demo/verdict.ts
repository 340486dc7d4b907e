import type { SandboxAccount } from '@capstan/conomy-sandbox/default-accounts';
import type { Ledger } from '@capstan/conomy-sandbox/ledger';
import { formatAmount, parseSendableAmount, readReceivedAmount } from '@capstan/shared/domain/money';
import type { PaymentView } from './api-answers.ts';
import { expectedMovements } from './expected-movements.ts';
import { checkAgreement, mirrorByName } from './mirror-agreement.ts';
import { explainUnexpectedEnd, type TrackedCommand } from './tracked-command.ts';
import { checkAttempts } from './verdict-attempts.ts';
import { checkRefunds, isRefund, refundsAsked } from './verdict-refunds.ts';
import { isAuthorizeAsked, type PlannedCommand, settlingBody } from './workload.ts';

/** Everything that was seen once all commands had ended. */
export interface Evidence {
  commands: readonly TrackedCommand[];
  /** Capstan's payments, refunds and attempts. */
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

/** Compares what was asked for, what Capstan says and what the sandbox did. What there was none of is left out. */
export function judge(evidence: Evidence): Check[] {
  const settling = evidence.commands.map(({ planned }) => planned).filter((planned) => settlingBody(planned));
  const checks = [
    checkEnds(evidence),
    checkSettled(settling, evidence),
    checkEffects(settling, evidence),
    checkOnlyOne(settling, evidence),
    checkRefunds(evidence),
    checkAttempts(evidence),
    checkNothingElse(settling, evidence),
    checkAgreement(evidence),
    checkBalances(evidence),
  ];
  return checks.filter(({ count, faults }) => count > 0 || faults.length > 0);
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
  const byName = mirrorByName(mirror);
  const faults = settling.flatMap(({ externalId }) => {
    const status = byName.get(externalId)?.status ?? 'missing';
    return status === 'SETTLED' ? [] : [`the mirror of ${externalId} is ${status}`];
  });
  return { statement: "payments are SETTLED in Capstan's mirror", count: settling.length, faults };
}

function checkEffects(settling: readonly PlannedCommand[], { commands, ledger }: Evidence): Check {
  const byExternalId = Map.groupBy(ledger.payments, ({ externalId }) => externalId);
  const refunded = Map.groupBy(refundsAsked(commands), ({ externalId }) => externalId);
  const faults = settling.flatMap((planned) => {
    const authorize = isAuthorizeAsked(planned) ? 1 : 0;
    const wanted = {
      create: 1,
      authorize,
      capture: 1,
      refund: refunded.get(planned.externalId)?.length ?? 0,
    };
    return (byExternalId.get(planned.externalId) ?? []).flatMap(({ id, effects }) =>
      Object.entries(wanted)
        .filter(([name, times]) => effects[name as keyof typeof effects] !== times)
        .map(
          ([name, times]) =>
            `${planned.externalId} (${id}): ${name} happened ${effects[name as keyof typeof effects]} times, not ${times}`,
        ),
    );
  });
  const statement = 'payments had each effect at Conomy once: create, capture; authorize, refund where asked';
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
  const payments = ledger.payments.filter((payment) => !isRefund(payment));
  const faults = payments
    .filter(({ externalId }) => !asked.has(externalId))
    .map(({ id, externalId, status }) => `payment ${id} (${externalId}, ${status}) should not exist`);
  const statement = 'payments at Conomy were all asked for; nothing refused left a trace';
  return { statement, count: payments.length, faults };
}

function checkBalances({ commands, ledger, accountsBefore }: Evidence): Check {
  const movements = expectedMovements(commands.map(({ planned }) => planned));
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
  const statement = 'account balances moved by exactly the sum of their payments and refunds';
  return { statement, count: accountsBefore.length, faults };
}

function minorOf({ availableFunds, currency }: SandboxAccount): bigint {
  const read = readReceivedAmount(availableFunds, currency);
  return read.exact ? read.money.minor : parseSendableAmount(availableFunds, currency).minor;
}
