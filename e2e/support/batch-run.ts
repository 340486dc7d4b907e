import { until } from '@capstan/testing/until';
import { expect } from 'vitest';
import { collect, type StackClient } from './stack-client.ts';

export interface SentBatch {
  /** Command ids, in the order sent. */
  ids: string[];
  externalIds: string[];
}

/** Sends `count` documented COLLECTs with capture, a hundred per batch, all accepted. */
export async function sendCollects(client: StackClient, count: number): Promise<SentBatch> {
  const commands = Array.from({ length: count }, () => collect());
  const ids: string[] = [];
  for (let from = 0; from < count; from += 100) {
    const { body } = await client.sendBatch(commands.slice(from, from + 100));
    for (const result of body.results) {
      expect(result.status).toBe(202);
      ids.push(result.command.id);
    }
  }
  return { ids, externalIds: commands.map(({ payment }) => payment.externalId) };
}

/** How many of the batch's payments the sandbox has captured by now. */
export async function capturedOf(client: StackClient, { externalIds }: SentBatch): Promise<number> {
  const wanted = new Set(externalIds);
  const { payments } = await client.ledger();
  return payments.filter((payment) => wanted.has(payment.externalId) && payment.effects.capture > 0).length;
}

/** Waits until every command succeeded and every mirror says SETTLED, then holds both against the sandbox's ledger. */
export async function expectAllSettledOnce(
  client: StackClient,
  batch: SentBatch,
  deadlineMs: number,
): Promise<void> {
  const open = new Set(batch.ids);
  await until(
    async () => {
      for (const id of open) {
        const { body } = await client.get(`/v1/commands/${id}`);
        const { status, payment } = body.command;
        if (status === 'succeeded' && payment.status === 'SETTLED' && payment.final) open.delete(id);
        else throw new Error(`${open.size} open, first ${id}: command ${status}, payment ${payment.status}`);
      }
      return true;
    },
    { deadlineMs, what: `${batch.ids.length} commands to succeed and settle` },
  );
  const { payments, byExternalId } = await client.ledger();
  const ours = payments.filter(({ externalId }) => batch.externalIds.includes(externalId));
  expect(
    ours.map(({ status, effects }) => ({ status, create: effects.create, capture: effects.capture })),
  ).toEqual(batch.ids.map(() => ({ status: 'SETTLED', create: 1, capture: 1 })));
  expect(batch.externalIds.map((externalId) => byExternalId[externalId])).toEqual(batch.ids.map(() => 1));
}
