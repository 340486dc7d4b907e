import { z } from 'zod';
import { CURRENCIES } from './money.ts';

/** Text of 1 to `max` characters. */
export const text = (max: number) =>
  z.string().min(1, 'must not be empty').max(max, `must have at most ${max} characters`);

const oneOf = <const T extends [string, ...string[]]>(names: T) =>
  z.enum(names, {
    error: ({ input }) =>
      input === undefined
        ? `is missing: give one of ${names.join(', ')}`
        : `must be one of ${names.join(', ')}`,
  });

/** A currency Capstan can send. */
export const currency = oneOf(CURRENCIES);

/** The customer object: payer or beneficiary. Which of these a rail requires is said by the table of rails. */
export const CUSTOMER_FIELDS = [
  'firstName',
  'lastName',
  'email',
  'phoneNumber',
  'phoneNumberPrefix',
  'documentType',
  'documentNumber',
  'country',
  'address',
] as const;

const written = (pattern: RegExp, description: string) => z.string().regex(pattern, `must be ${description}`);

const pageUrl = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).max(2_000);
const accountKind = oneOf(['CHECKING', 'SAVINGS']);
const swiftCode = written(
  /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/,
  'a SWIFT code of 8 or 11 capital letters and digits',
);

const address = z
  .strictObject({
    street: text(200),
    streetNumber: text(40),
    optionalAddress: text(200),
    administrativeAreaLevel1: text(100),
    administrativeAreaLevel2: text(100),
    administrativeAreaLevel3: text(100),
    zipcode: text(20),
    country: text(3),
  })
  .partial();

/**
 * How a field is written, by its name or, where a name means different things, by its last two path parts.
 * Everything else is text. Only forms that Conomy documents are checked, no check digits: a number that Conomy
 * would take must not be refused here.
 */
const FORMATS: Readonly<Record<string, z.ZodType>> = {
  email: z.email('must be an e-mail address').max(320),
  phoneNumber: text(40),
  phoneNumberPrefix: written(/^\+?\d{1,4}$/, 'a country calling code such as "54" or "+54"'),
  documentType: text(40),
  documentNumber: text(80),
  country: written(/^[A-Z]{3}$/, 'a country of three capital letters (ISO 3166-1 alpha-3) such as "COL"'),
  'customer.address': address,
  successUrl: pageUrl,
  failedUrl: pageUrl,
  redirectUrl: pageUrl,
  typeAccount: accountKind,
  accountType: accountKind,
  accountHolderType: oneOf(['INDIVIDUAL', 'BUSINESS']),
  accountNumber: text(100),
  pixKeyType: oneOf(['CPF', 'CNPJ', 'EMAIL', 'PHONE', 'EVP']),
  clabe: written(/^\d{18}$/, '18 digits'),
  routingNumber: written(/^\d{9}$/, '9 digits'),
  iban: written(/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/, 'an IBAN without spaces, such as "DE89370400440532013000"'),
  bic: swiftCode,
  swiftCode,
  sortCode: written(/^\d{6}$|^\d{2}-\d{2}-\d{2}$/, 'a sort code such as "200000" or "20-00-00"'),
  identityId: text(100),
  token: text(2_000),
  'bank.country': written(/^[A-Z]{2}$/, 'a country of two capital letters (ISO 3166-1 alpha-2) such as "CO"'),
  'bank.currency': currency,
  'fpe.accountNumber': written(/^\d{8}$/, '8 digits'),
};

/** The form of the field at a path from the node, such as `bank.country`. */
export function fieldFormat(path: string): z.ZodType {
  const names = path.split('.');
  return FORMATS[names.slice(-2).join('.')] ?? FORMATS[names.at(-1) ?? ''] ?? text(200);
}
