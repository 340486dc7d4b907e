// Scenario: every operation of the provider's published document that the sandbox plays is called, with payments
// of every type and over every rail. Goal: what the document says and what the README lists as departures from it
// are together exactly what was seen.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../src/operations/registry.ts';
import { exchangeEverything } from './openapi-exchanges.ts';
import { readOpenApiFacts } from './openapi-facts.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

const facts = readOpenApiFacts();

/** Operations that are no part of moving a payment, by the beginning of their path. */
const NOT_PLAYED =
  /^(?:\w+ \/(?:identities|payment-links|checkout-sessions|rules|customers|settlement)\b|POST \/accounts|(?:PATCH|DELETE) \/accounts)/;

/** The first column of the table below a heading of the README, without its code marks. */
function firstColumn(heading: string): string[] {
  const section = README.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell);
}

test('the sandbox departs from the document exactly where the README says so', async () => {
  const deviations = new Set((await exchangeEverything()).flatMap(facts.deviationsOf));
  expect([...deviations].sort()).toEqual(
    firstColumn('Departures from the published OpenAPI document').sort(),
  );
});

test('every operation of the document is played, or no part of moving a payment', async () => {
  const called = new Set(
    (await exchangeEverything()).map(({ method, path }) => `${method.toUpperCase()} ${path}`),
  );
  const missing = facts.operations.filter(
    (operation) => !called.has(operation) && !NOT_PLAYED.test(operation),
  );
  // The webhook is modelled as an operation of the receiver; it is checked on its own below.
  expect(missing).toEqual(['POST /client-url']);
});

test.each(OPERATIONS)(
  'the README lists $method $path with the name its faults have',
  ({ name, method, path }) => {
    const route = `\`${method} ${path.replace(':country', '{country}').replace(':id', '{id}')}\``;
    const row = README.split('\n').find((line) => line.startsWith('| `') && line.includes(route));
    expect(row?.split(' | ')[0]).toContain(`\`${name}\``);
  },
);

test('a webhook in the newest form is what the document says', async () => {
  const receiver = await openReceiver();
  const { capture } = await openSandbox({ webhook: { url: receiver.url, secret: 's' } });
  await capture(p2pBody());
  const answered = JSON.parse((await receiver.next()).text);
  expect(facts.deviationsOf({ method: 'post', path: '/client-url', status: 200, answered })).toEqual([]);
});

test('the check finds what is wrong', () => {
  const path = '/payments/{id}';
  const found = facts.deviationsOf({
    method: 'get',
    path,
    status: 200,
    answered: { id: 1, status: 'CREATED' },
  });
  expect(found).toContain('id must be string');
  expect(found).toContain('body lacks currency');
  expect(facts.deviationsOf({ method: 'get', path, status: 418, answered: {} })).toEqual([
    'status 418 is not in the document',
  ]);
});
