import type { Currency } from './money.ts';

/** `in`: money enters over the rail (an origin). `out`: money leaves over it (a destination). */
export type Direction = 'in' | 'out';

/** Path of a field inside the rail object, such as `customer.email`; or several, of which exactly one is given. */
export type RequiredField = string | readonly string[];

/** What a node sends when the rail is used in one direction. */
export interface RailSide {
  required: readonly RequiredField[];
  /** May be given. `customer` stands for every field of the customer object. */
  optional?: readonly string[];
  /** Required next to the rail object, as paths from the node. */
  beside?: readonly string[];
}

export interface Rail {
  /** The one key of a node that holds the rail's own fields. */
  key: string;
  /** ISO 3166-1 alpha-3; `null` = any. */
  countries: readonly string[] | null;
  /** `null` = any. */
  currencies: readonly Currency[] | null;
  in?: RailSide;
  out?: RailSide;
  /** Fields that Conomy adds to the rail object of a pay-in: what the payer needs. */
  returns: readonly string[];
  /** What the documents leave open, and what was chosen; D-numbers are those of Conomy's contradictions. */
  note?: string;
}

const PAGES = ['successUrl', 'failedUrl'];
const NAME = ['customer.firstName', 'customer.lastName'];
const NAME_AND_EMAIL = [...NAME, 'customer.email'];
const KNOWN_CUSTOMER = [...NAME_AND_EMAIL, 'customer.documentNumber', 'customer.documentType'];
/** D23: the node pages nest it in `bank`, the schema has it directly. Either spelling is sent on, never both. */
const ACCOUNT_NUMBER = ['bank.accountNumber', 'accountNumber'];

const internal: RailSide = { required: ['accountNumber'], beside: ['identity.identityId'] };
const wallet: RailSide = { required: ['address'], optional: ['network', 'token', 'provider', 'referenceId'] };
const daviplata: RailSide = {
  required: ['customer.documentType', 'customer.documentNumber', 'customer.email'],
  optional: PAGES,
};
const nequi: RailSide = { required: ['customer.phoneNumber', 'customer.email'], optional: PAGES };
const ach: RailSide = {
  required: ['routingNumber', ACCOUNT_NUMBER, 'accountType', ...KNOWN_CUSTOMER],
  optional: ['accountHolderType', 'bank.name'],
};
const instantUsd: RailSide = {
  required: ['routingNumber', ACCOUNT_NUMBER, ...KNOWN_CUSTOMER],
  optional: ['accountType', 'accountHolderType', 'bank.name'],
};

/**
 * The rails a payment node may use: the one table that validation, documentation and the sandbox work from.
 * Rows are in the order of Conomy's node pages. Where a page lists a field as required and a newer complete
 * sample leaves it out, the field is optional here: what Conomy shows as working is not refused.
 * Per tenant, `GET /v1/products` says what is open and what else it wants.
 */
const table = {
  ACCOUNT: {
    key: 'account',
    countries: null,
    currencies: null,
    in: internal,
    out: internal,
    returns: [],
    note: 'An account at Conomy. `identity` is in all samples of flows, so it is required.',
  },
  BANK_ACCOUNT: {
    key: 'bank',
    countries: null,
    currencies: null,
    out: {
      required: [
        'accountNumber',
        'bank',
        'typeAccount',
        'country',
        'currency',
        'accountHolder',
        'accountHolderDni',
      ],
      beside: [...NAME_AND_EMAIL, 'customer.documentNumber'],
    },
    returns: [],
    note: 'The fuller of two pages. `bank.country` is alpha-2 (`CO`), `customer.country` beside it alpha-3 (`COL`). `bank.currency` is the currency of the node.',
  },
  CRYPTO: {
    key: 'wallet',
    countries: null,
    currencies: ['USDC', 'USDT'],
    in: wallet,
    out: wallet,
    returns: [],
  },
  CARD: {
    key: 'card',
    countries: null,
    currencies: null,
    in: { required: ['token'], optional: ['holder', 'scheme', 'type', 'mask', 'country'] },
    returns: [],
    note: 'No node page, only the schema. Card number and expiry are refused: only a token comes here.',
  },
  PIX: {
    key: 'pix',
    countries: ['BRA'],
    currencies: ['BRL'],
    in: { required: [...NAME_AND_EMAIL, 'customer.documentNumber', ...PAGES] },
    out: { required: ['pixKeyType', 'pixKey'], optional: ['customer'] },
    returns: ['qrCode', 'data', 'expiredAt'],
    note: 'The schema demands `data`, which Conomy produces itself, and has no `pixKey`: the node page is followed.',
  },
  PCT: {
    key: 'pct',
    countries: ['ARG'],
    currencies: ['ARS'],
    in: { required: ['customer.phoneNumber', 'customer.phoneNumberPrefix', 'customer.email', ...PAGES] },
    returns: ['qrCode'],
    note: 'The prefix is shown as `54` and as `+54`: both are accepted.',
  },
  CVU: {
    key: 'cvu',
    countries: ['ARG'],
    currencies: ['ARS'],
    in: { required: [], optional: ['customer'] },
    returns: ['code'],
    note: 'Send `{}`. An older page calls it pay-out (D23): pay-in only.',
  },
  ETPAY: {
    key: 'etpay',
    countries: ['CHL'],
    currencies: ['CLP'],
    in: { required: [...PAGES, 'customer.firstName', 'customer.email'] },
    returns: ['url', 'expiresAt'],
  },
  FINTOC: {
    key: 'fintoc',
    countries: ['CHL'],
    currencies: ['CLP'],
    in: { required: [], optional: ['customer', ...PAGES] },
    returns: ['url', 'token'],
    note: 'Send `{}`. A hosted widget.',
  },
  WEBPAY: {
    key: 'webpay',
    countries: ['CHL'],
    currencies: ['CLP'],
    in: { required: NAME_AND_EMAIL, optional: PAGES },
    returns: ['url', 'token'],
  },
  SPEI: {
    key: 'spei',
    countries: ['MEX'],
    currencies: ['MXN'],
    in: { required: NAME },
    out: { required: ['clabe', ...NAME], optional: ['bankId'] },
    returns: ['clabe', 'bankId'],
    note: 'The country page has pay-out only (D23): both are accepted. `bankId` is listed, but in no sample: optional.',
  },
  PSE: {
    key: 'pse',
    countries: ['COL'],
    currencies: ['COP'],
    in: { required: ['bankId', ...KNOWN_CUSTOMER, 'customer.phoneNumber'], optional: PAGES },
    returns: ['url', 'token'],
    note: '`bankId` is a code of `GET /v1/banks/COL`.',
  },
  BANCOLOMBIA: {
    key: 'bancolombia',
    countries: ['COL'],
    currencies: ['COP'],
    in: { required: ['customer.email'], optional: PAGES },
    returns: ['url'],
  },
  DAVIVIENDA: {
    key: 'davivienda',
    countries: ['COL'],
    currencies: ['COP'],
    in: { required: ['customer.email'], optional: ['bankId', ...PAGES] },
    returns: ['url'],
    note: '`bankId` is listed as required, but in neither sample nor schema: optional.',
  },
  DAVIPLATA: {
    key: 'daviplata',
    countries: ['COL'],
    currencies: ['COP'],
    in: daviplata,
    out: daviplata,
    returns: [],
    note: 'Older pages have pay-in only (D23): both are accepted.',
  },
  NEQUI: {
    key: 'nequi',
    countries: ['COL'],
    currencies: ['COP'],
    in: nequi,
    out: nequi,
    returns: [],
    note: 'Older pages have pay-in only (D23): both are accepted.',
  },
  BREB: {
    key: 'breb',
    countries: ['COL'],
    currencies: ['COP'],
    out: { required: ['bankId', 'accountNumber', ...NAME_AND_EMAIL], optional: ['accountType'] },
    returns: [],
  },
  WOMPI: {
    key: 'wompi',
    countries: ['COL'],
    currencies: ['COP'],
    in: { required: ['redirectUrl', 'customer.firstName', 'customer.email'] },
    returns: ['url', 'token', 'expiresAt'],
  },
  PAGO_MOVIL: {
    key: 'pagoMovil',
    countries: ['VEN'],
    currencies: ['VES'],
    in: { required: ['bankId', ...NAME_AND_EMAIL, 'customer.phoneNumber'] },
    returns: [],
    note: 'Has a node page, but is missing from the list of types.',
  },
  LIGO: {
    key: 'ligo',
    countries: ['PER'],
    currencies: ['PEN'],
    in: { required: ['customer.firstName'], optional: PAGES },
    returns: [],
    note: 'No node page. The schema demands a `customer`, and of it the first name.',
  },
  SIP: {
    key: 'sip',
    countries: ['PER', 'BOL'],
    currencies: ['PEN', 'BOB'],
    in: { required: ['customer.firstName'], optional: PAGES },
    returns: [],
    note: 'No node page. The schema demands a `customer`, and of it the first name.',
  },
  ACH: {
    key: 'ach',
    countries: ['USA'],
    currencies: ['USD'],
    in: ach,
    out: ach,
    returns: [],
    note: 'D23: `bank.accountNumber` or `accountNumber`, exactly one. `accountHolderType` is listed as required, but the newest complete sample does without: optional.',
  },
  WIRE: {
    key: 'wire',
    countries: ['USA'],
    currencies: ['USD'],
    out: {
      required: ['swiftCode', ACCOUNT_NUMBER, ...KNOWN_CUSTOMER],
      optional: ['iban', 'routingNumber', 'bankName', 'bank.name'],
    },
    returns: [],
    note: 'D23: as ACH. `iban` for international wires.',
  },
  FEDNOW: {
    key: 'fedNow',
    countries: ['USA'],
    currencies: ['USD'],
    in: instantUsd,
    out: instantUsd,
    returns: [],
    note: 'D23: as ACH. The key has a capital N.',
  },
  RTP: {
    key: 'rtp',
    countries: ['USA'],
    currencies: ['USD'],
    in: instantUsd,
    out: instantUsd,
    returns: [],
    note: 'D23: as ACH. The node page has pay-in only, the newer withdrawal page pay-out too: both are accepted.',
  },
  SEPA: {
    key: 'sepa',
    countries: null,
    currencies: ['EUR'],
    out: { required: ['iban', 'bic', ...KNOWN_CUSTOMER] },
    returns: [],
    note: 'The EUR area. The schema has `bic` as optional; the node page demands it.',
  },
  SWIFT: {
    key: 'swift',
    countries: null,
    currencies: null,
    out: {
      required: ['swiftCode', 'bank.accountNumber', ...KNOWN_CUSTOMER],
      optional: ['iban', 'bank.name'],
    },
    returns: [],
  },
  FPE: {
    key: 'fpe',
    countries: ['GBR'],
    currencies: ['GBP'],
    out: { required: ['accountNumber', 'sortCode', ...NAME_AND_EMAIL] },
    returns: [],
    note: 'Sort codes are shown as `200000` and as `20-00-00`: both are accepted.',
  },
} as const satisfies Record<string, Rail>;

export type RailType = keyof typeof table;

export const RAILS: Readonly<Record<RailType, Rail>> = table;

export const RAIL_TYPES = Object.keys(RAILS) as [RailType, ...RailType[]];

/** The rails over which money can move in that direction, ACCOUNT among them. */
export function railsGoing(direction: Direction): RailType[] {
  return RAIL_TYPES.filter((type) => RAILS[type][direction] !== undefined);
}

/**
 * What a node of the rail must carry in that direction, as paths from the node (`etpay.customer.email`, the
 * spelling of Conomy's `requiredFields`). Of an entry with several paths exactly one is given. Empty when the
 * rail does not go that way.
 */
export function requiredPaths(type: RailType, direction: Direction): string[][] {
  const { key, [direction]: side } = RAILS[type];
  if (!side) return [];
  const inside = side.required.map((field) => [field].flat().map((path) => `${key}.${path}`));
  return [...inside, ...(side.beside ?? []).map((path) => [path])];
}
