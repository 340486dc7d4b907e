import type { CreatePaymentBody } from './create-payment-body.ts';
import type { Currency } from './money.ts';
import type { PaymentNode } from './payment-node.ts';
import { PAYMENT_TYPES, type PaymentType } from './payment-types.ts';
import { SAMPLE_FIELDS } from './rail-sample-fields.ts';
import { type Direction, RAILS, type RailType } from './rails.ts';

/** A create body that Capstan accepts as it stands, with sample data throughout. */
export interface RailSample {
  /** Unique, such as `TOPUP_ACCOUNT from PIX`. */
  name: string;
  type: PaymentType;
  /** The rail it shows. */
  rail: RailType;
  body: CreatePaymentBody;
}

/** An account that samples name. A simulated provider needs these for the samples to go through. */
export interface SampleAccount {
  identityId: string;
  accountNumber: string;
  currency: Currency;
}

type OtherRail = keyof typeof SAMPLE_FIELDS;

/** One amount per currency, as a person would pay it. */
const AMOUNTS: Readonly<Record<Currency, string>> = {
  CLP: '49990',
  PYG: '350000',
  COP: '30000.00',
  ARS: '1500.00',
  BRL: '150.00',
  MXN: '900.00',
  PEN: '180.00',
  BOB: '340.00',
  USD: '250.00',
  EUR: '230.00',
  GBP: '200.00',
  CAD: '340.00',
  AUD: '380.00',
  VES: '9000.00',
  USDC: '25.50',
  USDT: '25.50',
};

/** The COP and CLP accounts are those of Conomy's own samples; one account per currency that a sample uses. */
const OWNERS = {
  COP: account('67f21a61d6d09fcbb4e84631', '1743919714051743919010211', 'COP'),
  CLP: account('67f21a61d6d09fcbb4e84635', '1743919714051743919010255', 'CLP'),
  ARS: account('67f21a61d6d09fcbb4e84636', '1743919714051743919010266', 'ARS'),
  BRL: account('67f21a61d6d09fcbb4e84637', '1743919714051743919010277', 'BRL'),
  MXN: account('67f21a61d6d09fcbb4e84638', '1743919714051743919010288', 'MXN'),
  PEN: account('67f21a61d6d09fcbb4e84639', '1743919714051743919010299', 'PEN'),
  USD: account('67f21a61d6d09fcbb4e84640', '1743919714051743919010300', 'USD'),
  EUR: account('67f21a61d6d09fcbb4e84641', '1743919714051743919010311', 'EUR'),
  GBP: account('67f21a61d6d09fcbb4e84642', '1743919714051743919010322', 'GBP'),
  VES: account('67f21a61d6d09fcbb4e84643', '1743919714051743919010333', 'VES'),
  USDC: account('67f21a61d6d09fcbb4e84644', '1743919714051743919010344', 'USDC'),
} as const;

type SampleCurrency = keyof typeof OWNERS;

const SECOND_COP = account('67f21d17d6d09fcbb4e84632', '17439204080520250406060905072', 'COP');

/** Every account that a sample names. */
export const sampleAccounts: readonly SampleAccount[] = [...Object.values(OWNERS), SECOND_COP];

/** Samples of rails that move any currency are in this one; a BANK_ACCOUNT sample is a Colombian account. */
const CURRENCY_OF_ANY: Partial<Record<RailType, SampleCurrency>> = {
  BANK_ACCOUNT: 'COP',
  CARD: 'USD',
  SWIFT: 'USD',
};

/** One valid create body for every payment type and every rail that the type allows. */
export const railSamples: readonly RailSample[] = [
  ...railsOf('TOPUP_ACCOUNT', 'in').map((rail) => payIn('TOPUP_ACCOUNT', rail)),
  ...railsOf('WITHDRAWAL_ACCOUNT', 'out').map(withdrawal),
  ...railsOf('PURCHASE', 'in').map((rail) => payIn('PURCHASE', rail)),
  ...railsOf('REMITTANCE', 'out').map(remittanceTo),
  ...railsOf('REMITTANCE', 'in').map(remittanceFrom),
  internal('P2P', OWNERS.COP, [OWNERS.COP], [SECOND_COP]),
  internal('COLLECT', OWNERS.COP, [SECOND_COP, OWNERS.COP], [OWNERS.COP]),
];

/** The rails that the samples of a type show on one of its sides. */
function railsOf(type: PaymentType, direction: Direction): OtherRail[] {
  const side = direction === 'in' ? PAYMENT_TYPES[type].origins : PAYMENT_TYPES[type].destinations;
  return side.rails.filter((rail) => rail !== 'ACCOUNT');
}

function payIn(type: 'TOPUP_ACCOUNT' | 'PURCHASE', rail: OtherRail): RailSample {
  const currency = currencyOf(rail);
  const owner = OWNERS[currency];
  return sample(`${type} from ${rail}`, type, rail, {
    ...headOf(owner, currency, currency),
    origins: [railNode(rail, 'in')],
    destinations: [accountNode(owner, AMOUNTS[currency])],
  });
}

function withdrawal(rail: OtherRail): RailSample {
  const currency = currencyOf(rail);
  const owner = OWNERS[currency];
  return sample(`WITHDRAWAL_ACCOUNT to ${rail}`, 'WITHDRAWAL_ACCOUNT', rail, {
    ...headOf(owner, currency, currency),
    origins: [accountNode(owner, AMOUNTS[currency])],
    destinations: [railNode(rail, 'out')],
  });
}

/** From an account in another currency than the rail's: dollars, and to dollars from reais. */
function remittanceTo(rail: OtherRail): RailSample {
  const currency = currencyOf(rail);
  const owner = currency === 'USD' ? OWNERS.BRL : OWNERS.USD;
  return sample(`REMITTANCE to ${rail}`, 'REMITTANCE', rail, {
    ...headOf(owner, owner.currency, currency),
    origins: [accountNode(owner, AMOUNTS[owner.currency])],
    destinations: [railNode(rail, 'out')],
  });
}

/** To a bank account in the euro area. */
function remittanceFrom(rail: OtherRail): RailSample {
  const currency = currencyOf(rail);
  return sample(`REMITTANCE from ${rail}`, 'REMITTANCE', rail, {
    ...headOf(OWNERS[currency], currency, 'EUR'),
    origins: [railNode(rail, 'in')],
    destinations: [railNode('SEPA', 'out')],
  });
}

function internal(
  type: 'P2P' | 'COLLECT',
  initiator: SampleAccount,
  origins: readonly SampleAccount[],
  destinations: readonly SampleAccount[],
): RailSample {
  const { currency } = initiator;
  const share = origins.length === 1 ? AMOUNTS[currency] : '15000.00';
  return sample(type, type, 'ACCOUNT', {
    ...headOf(initiator, currency, currency),
    origins: origins.map((origin) => accountNode(origin, share)),
    destinations: destinations.map((destination) => accountNode(destination, AMOUNTS[currency])),
  });
}

type Head = Omit<CreatePaymentBody, 'externalId' | 'type' | 'origins' | 'destinations'>;

function headOf({ identityId, accountNumber }: SampleAccount, paid: Currency, received: Currency): Head {
  return {
    identityId,
    accountNumber,
    product: `${paid}:${received}`,
    purchaseAmount: AMOUNTS[paid],
    purchaseCurrency: paid,
    currency: received,
  };
}

function sample(
  name: string,
  type: PaymentType,
  rail: RailType,
  rest: Head & Pick<CreatePaymentBody, 'origins' | 'destinations'>,
): RailSample {
  const externalId = `sample-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return { name, type, rail, body: { externalId, type, ...rest } };
}

function accountNode({ identityId, accountNumber, currency }: SampleAccount, amount: string): PaymentNode {
  return { type: 'ACCOUNT', amount, currency, identity: { identityId }, account: { accountNumber } };
}

/** Without an amount: alone on its side, the node means the whole. */
function railNode(rail: OtherRail, direction: Direction): PaymentNode {
  const fields = SAMPLE_FIELDS[rail][direction];
  if (!fields) throw new RangeError(`there is no sample of ${rail} going ${direction}: add one`);
  return { type: rail, currency: currencyOf(rail), [RAILS[rail].key]: fields.own, ...fields.beside };
}

function currencyOf(rail: OtherRail): SampleCurrency {
  const currency = CURRENCY_OF_ANY[rail] ?? RAILS[rail].currencies?.[0];
  if (currency === undefined || !Object.hasOwn(OWNERS, currency)) {
    throw new RangeError(`there is no sample account in a currency of ${rail}: add one`);
  }
  return currency as SampleCurrency;
}

function account(identityId: string, accountNumber: string, currency: Currency): SampleAccount {
  return { identityId, accountNumber, currency };
}
