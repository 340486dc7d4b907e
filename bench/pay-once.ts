import { randomUUID } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { collectBody } from '@capstan/testing/create-bodies';

/** One documented COLLECT through the stack, from its POST to a mirror that says SETTLED. @throws when it says anything else. */
export async function payOnce({ apis, info }: Stack): Promise<void> {
  const api = apis[0]?.url ?? '';
  const authorization = { authorization: `Bearer ${info.apiKey}` };
  const accepted = await fetch(`${api}/v1/commands`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ type: 'payment.create', payment: collectBody(randomUUID()), then: ['capture'] }),
  });
  const { command } = (await accepted.json()) as { command: { payment: { key: string } } };
  const settled = await fetch(`${api}/v1/payments/${command.payment.key}?wait=30`, {
    headers: authorization,
  });
  const { payment } = (await settled.json()) as { payment: { status: string } };
  if (payment.status !== 'SETTLED') throw new Error(`the payment is ${payment.status}`);
}
