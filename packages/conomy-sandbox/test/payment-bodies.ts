import {
  CLP_MERCHANT,
  COP_COLLECTOR,
  COP_PAYER,
  type SandboxAccount,
  SECOND_COP_PAYER,
} from '../src/default-accounts.ts';

export function accountNode({ identityId, accountNumber, currency }: SandboxAccount, amount?: string) {
  return { type: 'ACCOUNT', amount, currency, identity: { identityId }, account: { accountNumber } };
}

/** 30000.00 COP, half from the payer and half from a second one, to the collector. */
export function collectBody(change: object = {}) {
  return {
    externalId: 'collect-1001',
    identityId: COP_COLLECTOR.identityId,
    accountNumber: COP_COLLECTOR.accountNumber,
    product: 'COP:COP',
    type: 'COLLECT',
    purchaseAmount: '30000.00',
    purchaseCurrency: 'COP',
    totalAmount: '30000.00',
    currency: 'COP',
    origins: [accountNode(COP_PAYER, '15000.00'), accountNode(SECOND_COP_PAYER, '15000.00')],
    destinations: [accountNode(COP_COLLECTOR, '30000.00')],
    ...change,
  };
}

/** 15000.00 COP from the payer to the collector. */
export function p2pBody(change: object = {}) {
  return {
    externalId: 'p2p-1001',
    identityId: COP_PAYER.identityId,
    accountNumber: COP_PAYER.accountNumber,
    product: 'COP:COP',
    type: 'P2P',
    purchaseAmount: '15000.00',
    purchaseCurrency: 'COP',
    currency: 'COP',
    origins: [accountNode(COP_PAYER, '15000.00')],
    destinations: [accountNode(COP_COLLECTOR, '15000.00')],
    ...change,
  };
}

export function etpayNode(change: object = {}) {
  const customer = { firstName: 'Jane', email: 'jane@example.com' };
  const etpay = { successUrl: 'https://shop.example/ok', failedUrl: 'https://shop.example/no', customer };
  return { type: 'ETPAY', currency: 'CLP', etpay, ...change };
}

/** 49990 CLP from a payer's bank to the merchant. */
export function purchaseBody(change: object = {}) {
  return {
    externalId: 'order-1001',
    identityId: CLP_MERCHANT.identityId,
    accountNumber: CLP_MERCHANT.accountNumber,
    product: 'CLP:CLP',
    type: 'PURCHASE',
    purchaseAmount: '49990',
    purchaseCurrency: 'CLP',
    currency: 'CLP',
    origins: [etpayNode()],
    destinations: [accountNode(CLP_MERCHANT, '49990')],
    ...change,
  };
}
