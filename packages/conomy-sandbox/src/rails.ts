import { randomBytes } from 'node:crypto';
import { isoInstant, type PaymentNode } from './payment.ts';

/** What the provider documents about one node type. */
export interface Rail {
  /** The one key of a node that holds this rail's own fields. */
  key: string;
  /** Currencies the rail serves; without it, any. */
  currencies?: readonly string[];
  /** Whether a payer can bring money in with it. */
  payIn: boolean;
  /** Paths inside the rail object that a pay-in must carry. */
  required?: readonly string[];
  /** Fields the platform adds to the rail object of a pay-in. */
  comesBack?: readonly EnrichedField[];
}

type EnrichedField = keyof typeof ENRICHED_FIELDS;

const REDIRECT_URLS = ['successUrl', 'failedUrl'];
const NAMED_CUSTOMER = ['customer.firstName', 'customer.lastName', 'customer.email'];
const BANKED_CUSTOMER = [...NAMED_CUSTOMER, 'customer.documentNumber', 'customer.documentType'];

const RAILS: Record<string, Rail> = {
  ACCOUNT: { key: 'account', payIn: false },
  BANK_ACCOUNT: { key: 'bank', payIn: false },
  CRYPTO: { key: 'wallet', currencies: ['USDC', 'USDT'], payIn: true, required: ['address'] },
  CARD: { key: 'card', payIn: true, required: ['token'] },
  PIX: {
    key: 'pix',
    currencies: ['BRL'],
    payIn: true,
    required: [...NAMED_CUSTOMER, 'customer.documentNumber', ...REDIRECT_URLS],
    comesBack: ['qrCode', 'data', 'expiredAt'],
  },
  PCT: {
    key: 'pct',
    currencies: ['ARS'],
    payIn: true,
    required: ['customer.phoneNumber', 'customer.phoneNumberPrefix', 'customer.email', ...REDIRECT_URLS],
    comesBack: ['qrCode'],
  },
  CVU: { key: 'cvu', currencies: ['ARS'], payIn: true, comesBack: ['code'] },
  ETPAY: {
    key: 'etpay',
    currencies: ['CLP'],
    payIn: true,
    required: [...REDIRECT_URLS, 'customer.firstName', 'customer.email'],
    comesBack: ['url', 'expiresAt'],
  },
  FINTOC: { key: 'fintoc', currencies: ['CLP'], payIn: true, comesBack: ['url', 'token'] },
  WEBPAY: {
    key: 'webpay',
    currencies: ['CLP'],
    payIn: true,
    required: NAMED_CUSTOMER,
    comesBack: ['url', 'token'],
  },
  SPEI: {
    key: 'spei',
    currencies: ['MXN'],
    payIn: true,
    required: ['customer.firstName', 'customer.lastName'],
    comesBack: ['clabe', 'bankId'],
  },
  PSE: {
    key: 'pse',
    currencies: ['COP'],
    payIn: true,
    required: ['bankId', ...BANKED_CUSTOMER, 'customer.phoneNumber'],
    comesBack: ['url', 'token'],
  },
  BANCOLOMBIA: {
    key: 'bancolombia',
    currencies: ['COP'],
    payIn: true,
    required: ['customer.email'],
    comesBack: ['url'],
  },
  // The node page lists `bankId` as required, its sample and the schema do not have it: not demanded.
  DAVIVIENDA: {
    key: 'davivienda',
    currencies: ['COP'],
    payIn: true,
    required: ['customer.email'],
    comesBack: ['url'],
  },
  DAVIPLATA: {
    key: 'daviplata',
    currencies: ['COP'],
    payIn: true,
    required: ['customer.documentType', 'customer.documentNumber', 'customer.email'],
  },
  NEQUI: {
    key: 'nequi',
    currencies: ['COP'],
    payIn: true,
    required: ['customer.phoneNumber', 'customer.email'],
  },
  BREB: { key: 'breb', currencies: ['COP'], payIn: false },
  WOMPI: {
    key: 'wompi',
    currencies: ['COP'],
    payIn: true,
    required: ['redirectUrl', 'customer.firstName', 'customer.email'],
    comesBack: ['url', 'token', 'expiresAt'],
  },
  PAGO_MOVIL: {
    key: 'pagoMovil',
    currencies: ['VES'],
    payIn: true,
    required: ['bankId', ...NAMED_CUSTOMER, 'customer.phoneNumber'],
  },
  LIGO: { key: 'ligo', currencies: ['PEN'], payIn: true, required: ['customer'] },
  SIP: { key: 'sip', currencies: ['PEN', 'BOB'], payIn: true, required: ['customer'] },
  // Where the account number stands inside the US rails is contradicted by the schema: not demanded.
  ACH: { key: 'ach', currencies: ['USD'], payIn: true, required: ['routingNumber', ...BANKED_CUSTOMER] },
  WIRE: { key: 'wire', currencies: ['USD'], payIn: false },
  FEDNOW: {
    key: 'fedNow',
    currencies: ['USD'],
    payIn: true,
    required: ['routingNumber', ...BANKED_CUSTOMER],
  },
  RTP: { key: 'rtp', currencies: ['USD'], payIn: true, required: ['routingNumber', ...BANKED_CUSTOMER] },
  SEPA: { key: 'sepa', currencies: ['EUR'], payIn: false },
  SWIFT: { key: 'swift', payIn: false },
  FPE: { key: 'fpe', currencies: ['GBP'], payIn: false },
};

/** Every key that may hold a rail object: a node has exactly one of them. */
export const RAIL_KEYS: ReadonlySet<string> = new Set(Object.values(RAILS).map(({ key }) => key));

export function findRail(nodeType: string): Rail | undefined {
  return Object.hasOwn(RAILS, nodeType) ? RAILS[nodeType] : undefined;
}

/** Hosted pages and codes stay open this long; the provider states no time. */
const PAY_IN_OPEN_MS = 30 * 60_000;

const ENRICHED_FIELDS = {
  url: () => `https://checkout.conomyhq.com/${randomBytes(16).toString('hex')}`,
  token: () => randomBytes(16).toString('hex'),
  qrCode: () => `data:image/png;base64,${randomBytes(48).toString('base64')}`,
  data: () => randomBytes(32).toString('hex').toUpperCase(),
  code: () => randomDigits(22),
  clabe: () => randomDigits(18),
  bankId: () => '90646',
  expiresAt: (nowMs: number) => isoInstant(nowMs + PAY_IN_OPEN_MS),
  expiredAt: (nowMs: number) => isoInstant(nowMs + PAY_IN_OPEN_MS),
} as const satisfies Record<string, (nowMs: number) => string>;

/** The node as the platform answers it: a pay-in comes back with what the payer needs. */
export function enrichNode(node: PaymentNode, nowMs: number): PaymentNode {
  const rail = findRail(String(node.type));
  if (!rail?.comesBack) return node;
  const own = node[rail.key] as Record<string, unknown>;
  const added = Object.fromEntries(rail.comesBack.map((field) => [field, ENRICHED_FIELDS[field](nowMs)]));
  return { ...node, [rail.key]: { ...own, ...added } };
}

function randomDigits(count: number): string {
  return Array.from(randomBytes(count), (byte) => byte % 10).join('');
}
