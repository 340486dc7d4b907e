import type { Currency } from '@capstan/shared/domain/money';

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

export const DEFAULT_ACCOUNTS: readonly SandboxAccount[] = [
  COP_COLLECTOR,
  COP_PAYER,
  SECOND_COP_COLLECTOR,
  SECOND_COP_PAYER,
  CLP_MERCHANT,
];
