import { readdirSync, readFileSync } from 'node:fs';
import { createPaymentBody } from '../../src/domain/create-payment-body.ts';
import { type ContentFault, parseContent } from '../../src/domain/problem.ts';

const folder = new URL('../../../testing/fixtures/conomy/', import.meta.url);

/** A JSON object that a test may take apart freely. */
// biome-ignore lint/suspicious/noExplicitAny: tests put anything anywhere, also what the types forbid.
export type Body = Record<string, any>;

/** The documented create bodies by name: `collect`, `p2p`, `purchase-etpay`, … */
export function documentedCreateBodies(): Record<string, Body> {
  const names = readdirSync(folder).flatMap(
    (file) => /^create-payment-(.+)\.request\.json$/.exec(file)?.[1] ?? [],
  );
  return Object.fromEntries(names.map((name) => [name, documentedCreateBody(name)]));
}

export function documentedCreateBody(name: string): Body {
  return JSON.parse(readFileSync(new URL(`create-payment-${name}.request.json`, folder), 'utf8')) as Body;
}

/** A copy of a documented body after `change`. */
export function changed(name: string, change: (body: Body) => void): Body {
  const body = documentedCreateBody(name);
  change(body);
  return body;
}

/** What is wrong with a create body; empty when it is accepted. */
export function faultsOf(body: unknown): ContentFault[] {
  const parsed = parseContent(createPaymentBody, body);
  return parsed.ok ? [] : parsed.faults;
}
