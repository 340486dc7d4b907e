import { formatAmount } from '@capstan/shared/domain/money';
import type { Account } from '../account-book.ts';
import { ConomyError } from '../errors.ts';
import type { Operation } from './operation.ts';
import { given, pagination, readPage } from './read-query.ts';

/** By number the bare account and otherwise the nested page, unless one shape is set for every question. */
export const listAccounts: Operation = {
  name: 'accounts',
  method: 'GET',
  path: '/sandbox/accounts',
  access: 'token',
  run: ({ accounts, settings }, { query }) => {
    const shape = settings().shapes.accounts;
    const accountNumber = given(query, 'accountNumber');
    if (accountNumber !== undefined && shape === 'documented') {
      return accountBody(accounts.find(accountNumber), accountNumber);
    }
    const page = readPage(query);
    const bodies = Array.from(accounts.all(), (account) => accountBody(account, account.accountNumber));
    const found = bodies.filter((body) => FILTERS.every((name) => isWanted(body[name], given(query, name))));
    const results = found.slice(page.offset, page.offset + page.limit);
    if (shape === 'array') return results;
    return { pagination: { pagination: pagination(page, results.length, found.length), results } };
  },
};

export const readAccount: Operation = {
  name: 'accounts',
  method: 'GET',
  path: '/sandbox/accounts/:id',
  access: 'token',
  run: ({ accounts }, { id }) => accountBody(accounts.findById(id), id),
};

const FILTERS = ['accountNumber', 'identityId', 'externalId', 'type', 'currency', 'status'] as const;

function isWanted(value: string, wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted;
}

function accountBody(account: Account | undefined, askedFor: string) {
  if (!account) throw new ConomyError('31', `account ${askedFor} does not exist`);
  const { id, identityId, accountNumber, currency } = account;
  const funds = formatAmount({ minor: account.availableMinor, currency });
  return {
    id,
    identityId,
    externalId: '',
    type: 'CHECKING',
    custody: 'conomy_hq',
    balance: funds,
    availableFunds: funds,
    currency,
    name: `Sandbox ${currency}`,
    accountNumber,
    accountHolder: `Holder ${identityId}`,
    status: 'ACTIVE',
    parentId: '',
  };
}
