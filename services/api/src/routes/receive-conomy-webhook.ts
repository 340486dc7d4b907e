import { type SignatureForm, verifyDelivery } from '@capstan/shared/provider/conomy/signature';
import type { FastifyInstance } from 'fastify';
import type { ApiMetrics } from '../api-metrics.ts';
import { RefusedError } from '../problem.ts';
import type { DeliveryStore } from '../store-delivery.ts';

const DELIVERY_BYTES_MAX = 256 * 1024;

export interface WebhookDeps {
  store: DeliveryStore;
  metrics: ApiMetrics;
  /** All that may sign, newest first. */
  secrets: readonly string[];
  forms: ReadonlySet<SignatureForm>;
}

/** Takes Conomy's webhooks: the 200 leaves only after the delivery is committed, and nothing unverified is kept. */
export function addWebhookRoute(app: FastifyInstance, deps: WebhookDeps): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
  // A content type that cannot even be parsed is Conomy's affair; the signature decides.
  app.addHook('onRequest', async ({ raw }) => {
    delete raw.headers['content-type'];
  });

  app.post('/webhooks/conomy', { bodyLimit: DELIVERY_BYTES_MAX }, async (request) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const verification = verifyDelivery(body, request.headers, deps.secrets, deps.forms);
    if (!verification.verified) {
      deps.metrics.deliveries.inc({ result: verification.reason });
      throw new RefusedError({
        code: 'unauthorized',
        detail: 'The delivery does not carry a valid signature of this body.',
      });
    }
    const { timesReceived } = await deps.store(verification);
    deps.metrics.deliveries.inc({ result: timesReceived === 1 ? 'stored' : 'repeated' });
    return {};
  });
}
