import { createConomyClient } from '@capstan/shared/provider/conomy/client';
import type { StackInfo } from '../stack.ts';
import { SHOWN_ACCOUNT } from './payment-bodies.ts';

/**
 * The spendable balance of {@link SHOWN_ACCOUNT} as a decimal, read at the sandbox as any client of Conomy would.
 * @throws when the account cannot be read.
 */
export async function readShownBalance(conomy: StackInfo['conomy'], signal: AbortSignal): Promise<string> {
  const client = createConomyClient({ ...conomy, apiVersion: '24-04-2025', userAgent: 'Capstan-demo/0.1' });
  try {
    const read = await client.readAccount(SHOWN_ACCOUNT.accountNumber, { signal });
    const funds = read.ok ? read.value?.availableFunds : undefined;
    if (funds !== undefined) return funds;
    const reason = read.ok ? 'the answer holds no balance' : read.failure.reason;
    throw new Error(`Account ${SHOWN_ACCOUNT.accountNumber} cannot be read at the sandbox: ${reason}`);
  } finally {
    await client.close();
  }
}
