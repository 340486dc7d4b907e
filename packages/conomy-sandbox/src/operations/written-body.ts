import { type Payment, paymentBody } from '../payment.ts';
import type { Sandbox } from '../sandbox.ts';

/** The answer to a write: the whole payment, or only the fields of the documented sample. */
export function writtenBody(
  { settings }: Sandbox,
  payment: Payment,
  sampleFields: readonly string[],
): Record<string, unknown> {
  const body = paymentBody(payment);
  if (settings().shapes.writes === 'full') return body;
  return Object.fromEntries(sampleFields.map((name) => [name, body[name]]));
}
