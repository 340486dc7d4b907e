import { z } from 'zod';
import type { AvailableProduct, Bank, PaymentProvider } from '../payment-provider.ts';
import { type Caller, LIST_BYTES_MAX } from './caller.ts';
import { isJsonObject } from './json.ts';
import { maybeText, maybeTextOrNumber, parseList, text, withoutUndefined } from './schema.ts';
import { segment } from './urls.ts';

type Direction = AvailableProduct['direction'];

const maybeTexts = z.array(text).optional().catch(undefined);

const productSchema = z.object({
  type: maybeText,
  name: maybeText,
  currency: maybeText,
  product: maybeText,
  paymentTypes: maybeTexts,
  requiredFields: z.array(text).catch([]).default([]),
  validOrigins: maybeTexts,
  validDestinations: maybeTexts,
  minAmount: maybeTextOrNumber,
  maxAmount: maybeTextOrNumber,
});

const bankSchema = z.object({ code: maybeTextOrNumber, name: text, countryCode: maybeText });

/** Types whose rail stands at the origin, and those whose rail stands at the destination. */
const PAYIN_TYPES: readonly string[] = ['PURCHASE', 'TOPUP_ACCOUNT'];
const PAYOUT_TYPES: readonly string[] = ['WITHDRAWAL_ACCOUNT', 'REMITTANCE'];

/** What can be sent, asked before sending. */
export function discoveryCalls({
  apiUrl,
  call,
}: Caller): Pick<PaymentProvider, 'readAvailableProducts' | 'readBanks'> {
  const read = (url: URL) => ({ method: 'GET', url, answerBytesMax: LIST_BYTES_MAX }) as const;
  return {
    readAvailableProducts({ identityId, currencies = [] }, options) {
      const query = new URLSearchParams({ identityId });
      if (currencies.length > 0) query.set('currencies', currencies.join(','));
      const url = apiUrl('/payments/available-products', query.toString());
      return call(read(url), parseAvailableProducts, 'not_products', options);
    },
    readBanks(country, options) {
      return call(read(apiUrl(`/payments/banks/${segment(country)}`)), parseBanks, 'not_banks', options);
    },
  };
}

/**
 * Reads what is available in either documented spelling: `{byCurrency:[{currency, payin:{products}, payout:{products}}]}`
 * or `{products:[…]}`. A product that does not name its rail, currency or direction states no rule that could be
 * applied and is left out. Null when the answer is neither.
 */
export function parseAvailableProducts(json: unknown): AvailableProduct[] | null {
  if (!isJsonObject(json)) return null;
  if (Array.isArray(json.byCurrency)) return json.byCurrency.flatMap(productsOfCurrency);
  if (!Array.isArray(json.products)) return null;
  return json.products.flatMap((row) =>
    directionsOf(row).flatMap((direction) => readProduct(row, direction)),
  );
}

function productsOfCurrency(entry: unknown): AvailableProduct[] {
  if (!isJsonObject(entry)) return [];
  const { currency } = entry;
  return (['payin', 'payout'] as const).flatMap((direction) => {
    const side = entry[direction];
    const rows = isJsonObject(side) && Array.isArray(side.products) ? side.products : [];
    return rows.flatMap((row) => readProduct(isJsonObject(row) ? { currency, ...row } : row, direction));
  });
}

function readProduct(row: unknown, direction: Direction): AvailableProduct[] {
  const parsed = productSchema.safeParse(row);
  if (!parsed.success) return [];
  const { type, name, product, paymentTypes: _types, requiredFields, ...rules } = parsed.data;
  const rail = type ?? name;
  const currency = rules.currency ?? product?.split(':')[direction === 'payin' ? 0 : 1];
  if (rail === undefined || !currency) return [];
  const told = withoutUndefined({ ...rules, currency });
  return [
    { ...told, currency, product: product ?? `${currency}:${currency}`, direction, rail, requiredFields },
  ];
}

/** The flat spelling does not say the direction; the types it serves do, or which other side it names. */
function directionsOf(row: unknown): Direction[] {
  const parsed = productSchema.safeParse(row);
  if (!parsed.success) return [];
  const { paymentTypes = [], validOrigins, validDestinations } = parsed.data;
  const payin = validDestinations !== undefined || paymentTypes.some((type) => PAYIN_TYPES.includes(type));
  const payout = validOrigins !== undefined || paymentTypes.some((type) => PAYOUT_TYPES.includes(type));
  return [...(payin ? (['payin'] as const) : []), ...(payout ? (['payout'] as const) : [])];
}

/** A bank without a code or a name cannot be chosen and is left out. Null when the answer holds no list. */
export function parseBanks(json: unknown): Bank[] | null {
  return (
    parseList(json)?.rows.flatMap((row) => {
      const parsed = bankSchema.safeParse(row);
      if (!parsed.success || parsed.data.code === undefined) return [];
      const { code, name, countryCode } = parsed.data;
      return [{ code, name, ...(countryCode === undefined ? {} : { countryCode }) }];
    }) ?? null
  );
}
