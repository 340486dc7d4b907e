import { type Currency, formatAmount } from '@capstan/shared/domain/money';
import { sampleAccounts } from '@capstan/shared/domain/rail-samples';

/** An account the sandbox starts with; `availableFunds` is a decimal in major units, zero or more. */
export interface SandboxAccount {
  accountNumber: string;
  identityId: string;
  currency: Currency;
  availableFunds: string;
}

/** Owns the destination of the documented COLLECT sample. */
export const COP_COLLECTOR: SandboxAccount = {
  identityId: '67f21a61d6d09fcbb4e84631',
  accountNumber: '1743919714051743919010211',
  currency: 'COP',
  availableFunds: '10000000000.00',
};

/** Owns the first origin of the documented COLLECT sample. */
export const COP_PAYER: SandboxAccount = {
  identityId: '67f21d17d6d09fcbb4e84632',
  accountNumber: '17439204080520250406060905072',
  currency: 'COP',
  availableFunds: '10000000000.00',
};

/** A second pair, so that a run can spread over more than one account. */
export const SECOND_COP_COLLECTOR: SandboxAccount = {
  identityId: '67f21a61d6d09fcbb4e84633',
  accountNumber: '1743919714051743919010233',
  currency: 'COP',
  availableFunds: '10000000000.00',
};

export const SECOND_COP_PAYER: SandboxAccount = {
  identityId: '67f21d17d6d09fcbb4e84634',
  accountNumber: '17439204080520250406060905094',
  currency: 'COP',
  availableFunds: '10000000000.00',
};

/** Receives PURCHASE payments in Chilean pesos. */
export const CLP_MERCHANT: SandboxAccount = {
  identityId: '67f21a61d6d09fcbb4e84635',
  accountNumber: '1743919714051743919010255',
  currency: 'CLP',
  availableFunds: '1000000000',
};

const NAMED_ACCOUNTS: readonly SandboxAccount[] = [
  COP_COLLECTOR,
  COP_PAYER,
  SECOND_COP_COLLECTOR,
  SECOND_COP_PAYER,
  CLP_MERCHANT,
];

/** Minor units: enough for many runs in every currency. */
const SAMPLE_FUNDS_MINOR = 10n ** 12n;

/** With the accounts that Capstan's samples of payment types and rails name, so that each sample goes through. */
export const DEFAULT_ACCOUNTS: readonly SandboxAccount[] = [
  ...NAMED_ACCOUNTS,
  ...sampleAccounts
    .filter((sample) => !NAMED_ACCOUNTS.some(({ accountNumber }) => accountNumber === sample.accountNumber))
    .map((sample) => ({
      ...sample,
      availableFunds: formatAmount({ minor: SAMPLE_FUNDS_MINOR, currency: sample.currency }),
    })),
];
