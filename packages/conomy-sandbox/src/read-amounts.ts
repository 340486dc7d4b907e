import { type Currency, formatAmount, isCurrency } from '@capstan/shared/domain/money';
import { ConomyError } from './errors.ts';
import { exchange } from './exchange.ts';
import { type AppliedFee, applyFees, type FeeRule } from './fees.ts';
import { readAmount } from './read-amount.ts';
import { type Fields, missing, optionalText, requireText } from './read-fields.ts';

/** The amounts of a payment, from the few a create body gives. */
export interface ReadAmounts {
  product: string;
  purchaseCurrency: Currency;
  currency: Currency;
  /** Texts as they are read back. */
  purchaseAmount: string;
  totalAmount: string;
  purchaseMinor: bigint;
  /** What the destinations sum to as sent: after the exchange, before fees. */
  grossMinor: bigint;
  /** What they get: after fees. */
  totalMinor: bigint;
  fees: AppliedFee[];
}

/**
 * At least one amount and one currency; the others follow from rates and fees. In one currency `totalAmount`
 * may repeat the purchase amount or be what is left of it. In two, a `totalAmount` or the amount of the only
 * destination is a quote that is kept. Throws ConomyError 12 for what is missing and 11 for what is wrong.
 */
export function readAmounts(body: Fields, type: string, feeRules: readonly FeeRule[]): ReadAmounts {
  const currencies = readCurrencies(body);
  const { purchaseCurrency, currency } = currencies;
  const purchase = optionalText(body, 'purchaseAmount');
  const total = optionalText(body, 'totalAmount');
  if (purchase === undefined && total === undefined) throw missing('purchaseAmount or totalAmount');
  const converts = purchaseCurrency !== currency;
  const quote = converts ? (total ?? soleDestinationAmount(body)) : undefined;
  const purchaseMinor = readPurchase(purchase, total, currencies);
  const grossMinor =
    quote === undefined
      ? exchange(purchaseMinor, purchaseCurrency, currency)
      : readAmount(quote, 'totalAmount', currency);
  const { netMinor, fees } = applyFees(feeRules, type, grossMinor, currency);
  if (!converts && total !== undefined) assertTotal(total, currency, [grossMinor, netMinor]);
  const asSent = converts || fees.length > 0 ? undefined : (total ?? purchase);
  return {
    product: currencies.product,
    purchaseCurrency,
    currency,
    purchaseAmount:
      purchase ??
      (converts ? formatAmount({ minor: purchaseMinor, currency: purchaseCurrency }) : (total ?? '')),
    totalAmount: asSent ?? formatAmount({ minor: netMinor, currency }),
    purchaseMinor,
    grossMinor,
    totalMinor: netMinor,
    fees,
  };
}

interface Currencies {
  product: string;
  purchaseCurrency: Currency;
  currency: Currency;
}

function readCurrencies(body: Fields): Currencies {
  const given = [optionalText(body, 'purchaseCurrency'), optionalText(body, 'currency')] as const;
  const purchaseCurrency = given[0] ?? given[1];
  const currency = given[1] ?? given[0];
  if (purchaseCurrency === undefined || currency === undefined) throw missing('purchaseCurrency or currency');
  const pair = `${purchaseCurrency}:${currency}`;
  const product = requireText(body, 'product');
  if (product !== pair) throw new ConomyError('11', `product must be ${pair}, not ${product}`);
  return {
    product,
    purchaseCurrency: requireCurrency(purchaseCurrency),
    currency: requireCurrency(currency),
  };
}

function requireCurrency(code: string): Currency {
  if (!isCurrency(code)) throw new ConomyError('11', `currency "${code}" is not supported`);
  return code;
}

function readPurchase(
  purchase: string | undefined,
  total: string | undefined,
  { purchaseCurrency, currency }: Currencies,
): bigint {
  if (purchase !== undefined) return readAmount(purchase, 'purchaseAmount', purchaseCurrency);
  return exchange(readAmount(total ?? '', 'totalAmount', currency), currency, purchaseCurrency);
}

function assertTotal(total: string, currency: Currency, allowedMinor: readonly bigint[]): void {
  const minor = readAmount(total, 'totalAmount', currency);
  if (!allowedMinor.includes(minor)) {
    const allowed = new Set(allowedMinor.map((each) => formatAmount({ minor: each, currency })));
    throw new ConomyError('11', `totalAmount must be ${[...allowed].join(' or ')} with this purchaseAmount`);
  }
}

function soleDestinationAmount({ destinations }: Fields): string | undefined {
  const only = Array.isArray(destinations) && destinations.length === 1 ? destinations[0] : undefined;
  const amount = (only as { amount?: unknown } | undefined)?.amount;
  return typeof amount === 'string' ? amount : undefined;
}
