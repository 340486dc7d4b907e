import { type Currency, explainUnsendableAmount, parseSendableAmount } from '@capstan/shared/domain/money';
import { ConomyError } from './errors.ts';

/** An amount in minor units. Throws ConomyError 11 when it is not a positive decimal within the currency's scale. */
export function readAmount(text: string, name: string, currency: Currency): bigint {
  const reason = explainUnsendableAmount(text, currency);
  if (reason !== null) throw new ConomyError('11', `${name} "${text}" ${reason}`);
  return parseSendableAmount(text, currency).minor;
}
