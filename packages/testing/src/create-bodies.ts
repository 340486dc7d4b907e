import { COP_COLLECTOR, COP_PAYER, type SandboxAccount } from '@capstan/conomy-sandbox/default-accounts';

/** The documented COLLECT of 30,000.00 COP between the sandbox's own accounts. */
export function collectBody(externalId: string) {
  return {
    externalId,
    identityId: COP_COLLECTOR.identityId,
    accountNumber: COP_COLLECTOR.accountNumber,
    type: 'COLLECT',
    product: 'COP:COP',
    purchaseAmount: '30000.00',
    purchaseCurrency: 'COP',
    totalAmount: '30000.00',
    currency: 'COP',
    origins: [accountNode(COP_PAYER, '15000.00'), accountNode(COP_COLLECTOR, '15000.00')],
    destinations: [accountNode(COP_COLLECTOR, '30000.00')],
  };
}

export function accountNode({ identityId, accountNumber, currency }: SandboxAccount, amount: string) {
  return { type: 'ACCOUNT', amount, currency, identity: { identityId }, account: { accountNumber } };
}
