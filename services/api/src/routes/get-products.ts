import { CURRENCIES } from '@capstan/shared/domain/money';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalidContent, type Refusal, RefusedError } from '../problem.ts';
import type { Discovery } from '../products.ts';
import { readQuery } from '../read-query.ts';

const currencyMessage = `must be a list of currencies with a comma between them, of ${CURRENCIES.join(', ')}`;
const identityMessage = 'must be given, with 1 to 100 characters';

export const productsQuery = z.strictObject({
  identityId: z.string(identityMessage).min(1, identityMessage).max(100, identityMessage),
  currencies: z
    .string(currencyMessage)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(CURRENCIES, currencyMessage)))
    .optional(),
});
const noQuery = z.strictObject({});
const bankParams = z.object({ country: z.string().regex(/^[A-Z]{3}$/) });

/** What can be sent, asked before sending: `asOf` says when the provider told it. */
export function addGetProductsRoutes(app: FastifyInstance, discovery: Discovery): void {
  app.get('/products', { config: { scope: 'read' } }, async (request) => {
    const { identityId, currencies } = readQuery(productsQuery, request.query);
    const answer = await discovery.products(identityId, currencies);
    if (!answer.ok) throw new RefusedError(refusalOf(answer.failure, `products for "${identityId}"`));
    return { products: answer.value, asOf: answer.asOf.toISOString() };
  });

  app.get('/banks/:country', { config: { scope: 'read' } }, async (request) => {
    readQuery(noQuery, request.query);
    const params = bankParams.safeParse(request.params);
    if (!params.success) throw new RefusedError(countryMalformed);
    const answer = await discovery.banks(params.data.country);
    if (!answer.ok) throw new RefusedError(refusalOf(answer.failure, `banks of ${params.data.country}`));
    return { banks: answer.value, asOf: answer.asOf.toISOString() };
  });
}

const countryMalformed: Refusal = {
  code: 'not_found',
  detail: 'Name the country by three capital letters (ISO 3166-1 alpha-3), for example COL.',
};

function refusalOf({ stage, httpStatus = 0, reason }: ProviderFailure, what: string): Refusal {
  if (stage === 'answered' && [403, 404, 501].includes(httpStatus)) {
    return {
      code: 'not_found',
      detail: `Conomy has no ${what} for this tenant (it answered ${httpStatus}).`,
    };
  }
  if (stage === 'answered' && [400, 422].includes(httpStatus)) {
    return invalidContent([
      { path: '', message: `was refused by Conomy with ${httpStatus} when asked for ${what}` },
    ]);
  }
  return {
    code: 'unavailable',
    detail: `Conomy gave no answer about ${what} (${reason}), and no earlier one is held. Try again.`,
  };
}
