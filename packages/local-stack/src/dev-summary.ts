import { randomBytes } from 'node:crypto';
import type { Stack } from './stack.ts';

interface LedgerAccount {
  accountNumber: string;
  identityId: string;
  currency: string;
}

/** What a developer needs once everything runs: addresses, logins and a first command to send. */
export async function summarizeStack(stack: Stack, logDir: string): Promise<string> {
  const { info } = stack;
  const [api] = info.api;
  if (!api) throw new Error('a stack without an API has nothing to show');
  const rows: [string, string][] = [
    ...info.api.map(({ url }, index): [string, string] => [numbered('API', index, info.api.length), url]),
    ['API reference', `${api.url}/docs`],
    ['API key', info.apiKey],
    ['Queue board', `${api.url}/admin/queues   (user ${info.admin.user}, password ${info.admin.password})`],
    ['Sandbox ledger', `${info.sandbox.url}/_sandbox/ledger`],
    ['Database', info.postgres.url],
    ['Queue', stack.queue.kind === 'redis' ? info.queue.url : 'in the database'],
    ['Logs', logDir],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    'Capstan is running.',
    '',
    ...rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`),
    '',
    'Send a first command (create and capture of a COLLECT), then look at its payment:',
    '',
    await writeFirstCommand(api.url, info.apiKey, stack.sandbox.url),
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}

function numbered(label: string, index: number, count: number): string {
  return count === 1 ? label : `${label} ${index + 1}`;
}

/** Two shell commands, ready to paste. */
async function writeFirstCommand(apiUrl: string, apiKey: string, sandboxUrl: string): Promise<string> {
  const [destination, origin] = await findAccountPair(sandboxUrl);
  const reference = `first-${randomBytes(3).toString('hex')}`;
  const command = {
    type: 'payment.create',
    payment: collectPayment(reference, origin, destination),
    then: ['capture'],
  };
  return `curl -sS -X POST ${apiUrl}/v1/commands \\
  -H 'Authorization: Bearer ${apiKey}' \\
  -H 'Idempotency-Key: ${reference}' \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(command)}'

curl -sS -H 'Authorization: Bearer ${apiKey}' '${apiUrl}/v1/payments?externalId=${reference}'`;
}

/** Two accounts of the sandbox that share a currency, from its own ledger. */
async function findAccountPair(sandboxUrl: string): Promise<[LedgerAccount, LedgerAccount]> {
  const response = await fetch(`${sandboxUrl}/_sandbox/ledger`);
  const { accounts } = (await response.json()) as { accounts: LedgerAccount[] };
  for (const destination of accounts) {
    const origin = accounts.find((other) => other !== destination && other.currency === destination.currency);
    if (origin) return [destination, origin];
  }
  throw new Error('The sandbox has no two accounts of one currency to move money between');
}

function collectPayment(externalId: string, origin: LedgerAccount, destination: LedgerAccount) {
  const { currency, identityId, accountNumber } = destination;
  return {
    externalId,
    identityId,
    accountNumber,
    type: 'COLLECT',
    product: `${currency}:${currency}`,
    purchaseAmount: '30000',
    purchaseCurrency: currency,
    totalAmount: '30000',
    currency,
    origins: [accountNode(origin)],
    destinations: [accountNode(destination)],
  };
}

function accountNode({ accountNumber, identityId, currency }: LedgerAccount) {
  return { type: 'ACCOUNT', amount: '30000', currency, identity: { identityId }, account: { accountNumber } };
}
