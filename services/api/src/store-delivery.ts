import { createHash } from 'node:crypto';
import { storeDelivery as insertDelivery } from '@capstan/shared/db/deliveries';
import type { Pool } from '@capstan/shared/db/pool';
import type { SignatureForm } from '@capstan/shared/provider/conomy/signature';
import { readDelivery } from '@capstan/shared/provider/conomy/webhook';
import { RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import { v7 as newId } from 'uuid';

/** A webhook whose signature was verified. */
export interface VerifiedDelivery {
  /** As it arrived, byte for byte. */
  body: Buffer;
  form: SignatureForm;
  payload: Record<string, unknown>;
}

/** Commits a verified delivery; the same bytes again are counted on the row they already have. */
export function storeDelivery(
  pool: Pool,
  { body, form, payload }: VerifiedDelivery,
): Promise<{ id: string; timesReceived: number }> {
  const { event, conomyId, externalId, status } = readDelivery(payload);
  return insertDelivery(
    pool,
    {
      id: newId(),
      bodySha256: createHash('sha256').update(body).digest(),
      body,
      form,
      event,
      conomyId: conomyId ?? null,
      externalId: externalId ?? null,
      status: status ?? null,
    },
    RELAY_GRACE_MS,
  );
}
