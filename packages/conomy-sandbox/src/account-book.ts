import { type Currency, formatAmount, readReceivedAmount } from '@capstan/shared/domain/money';
import type { SandboxAccount } from './default-accounts.ts';
import { ConomyError } from './errors.ts';
import { accountIdOf } from './ids.ts';

export interface Account {
  id: string;
  accountNumber: string;
  identityId: string;
  currency: Currency;
  /** Minor units. Capture takes from `balance` too, so the two are equal: nothing reserves without taking. */
  availableMinor: bigint;
}

/** An amount in minor units to take from, or give to, one account. */
export interface Posting {
  accountNumber: string;
  minor: bigint;
}

/** The accounts and their money. Every method leaves all balances at zero or more. */
export interface AccountBook {
  find(accountNumber: string): Account | undefined;
  findById(id: string): Account | undefined;
  all(): Iterable<Account>;
  /** Adds the account, or gives an existing one this owner, currency and funds. */
  put(account: SandboxAccount): void;
  /** Takes every posting or none. Throws ConomyError 21 naming the account that lacks funds. */
  takeAll(postings: readonly Posting[]): void;
  giveAll(postings: readonly Posting[]): void;
  /** Back to the accounts the book was made with. */
  reset(): void;
}

export function createAccountBook(start: readonly SandboxAccount[]): AccountBook {
  const byNumber = new Map<string, Account>();
  const byId = new Map<string, Account>();
  const put = (account: SandboxAccount) => {
    const entry = openAccount(account);
    byNumber.set(entry.accountNumber, entry);
    byId.set(entry.id, entry);
  };
  const mustFind = (accountNumber: string): Account => {
    const account = byNumber.get(accountNumber);
    if (!account) throw new ConomyError('31', `account ${accountNumber} does not exist`);
    return account;
  };
  const reset = () => {
    byNumber.clear();
    byId.clear();
    for (const account of start) put(account);
  };
  reset();
  return {
    find: (accountNumber) => byNumber.get(accountNumber),
    findById: (id) => byId.get(id),
    all: () => byNumber.values(),
    put,
    takeAll: (postings) => {
      const totals = totalPerAccount(postings);
      for (const [accountNumber, minor] of totals) assertCovered(mustFind(accountNumber), minor);
      for (const [accountNumber, minor] of totals) mustFind(accountNumber).availableMinor -= minor;
    },
    giveAll: (postings) => {
      for (const { accountNumber } of postings) mustFind(accountNumber);
      for (const { accountNumber, minor } of postings) mustFind(accountNumber).availableMinor += minor;
    },
    reset,
  };
}

function openAccount({ accountNumber, identityId, currency, availableFunds }: SandboxAccount): Account {
  const read = readReceivedAmount(availableFunds, currency);
  if (!read.exact) {
    throw new RangeError(
      `availableFunds "${availableFunds}" of account ${accountNumber} is not an amount in ${currency}: use a plain decimal within its scale`,
    );
  }
  return {
    id: accountIdOf(accountNumber),
    accountNumber,
    identityId,
    currency,
    availableMinor: read.money.minor,
  };
}

/** One account may stand on a side twice: only the sum says whether it is covered. */
function totalPerAccount(postings: readonly Posting[]): Map<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const { accountNumber, minor } of postings) {
    totals.set(accountNumber, (totals.get(accountNumber) ?? 0n) + minor);
  }
  return totals;
}

function assertCovered({ accountNumber, availableMinor, currency }: Account, minor: bigint): void {
  if (availableMinor >= minor) return;
  const available = formatAmount({ minor: availableMinor, currency });
  const needed = formatAmount({ minor, currency });
  throw new ConomyError(
    '21',
    `insufficient funds in account ${accountNumber}: ${available} ${currency} available, ${needed} needed`,
  );
}
