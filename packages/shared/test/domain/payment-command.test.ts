import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMMAND_STATUSES, isEnded } from '../../src/domain/command-status.ts';
import { COMMAND_TYPES, paymentCommand, planSteps } from '../../src/domain/payment-command.ts';
import { type ContentFault, parseContent, toPointer } from '../../src/domain/problem.ts';
import { changed, documentedCreateBody } from './bodies.ts';

function faultsOf(command: unknown, base: string[] = []): ContentFault[] {
  const parsed = parseContent(paymentCommand, command, base);
  return parsed.ok ? [] : parsed.faults;
}

/** The contract's own name; nothing here is awaited. */
function plan(steps: string[]) {
  return { then: steps };
}

describe('a command', () => {
  const payment = documentedCreateBody('collect');

  test.each([
    ['payment.create alone', { type: 'payment.create', payment }, ['create']],
    [
      'create, then capture',
      { type: 'payment.create', payment, ...plan(['capture']) },
      ['create', 'capture'],
    ],
    [
      'create, then authorize and capture',
      { type: 'payment.create', payment, ...plan(['authorize', 'capture']) },
      ['create', 'authorize', 'capture'],
    ],
    ['authorize by externalId', { type: 'payment.authorize', payment: { externalId: 'a' } }, ['authorize']],
    [
      'capture by id with a deadline',
      { type: 'payment.capture', payment: { id: 'x' }, notAfter: '2026-05-18T10:00:00Z' },
      ['capture'],
    ],
    [
      'capture with a deadline at an offset',
      { type: 'payment.capture', payment: { id: 'x' }, notAfter: '2026-05-18T10:00:00.5-05:00' },
      ['capture'],
    ],
    [
      'refund of a part, with a reason',
      {
        type: 'payment.refund',
        payment: { externalId: 'a' },
        amount: '150.00',
        currency: 'ARS',
        reason: 'Broken on arrival.',
        notAfter: '2026-05-18T10:00:00Z',
      },
      ['refund'],
    ],
    [
      'document of a payment',
      {
        type: 'payment.submit-document',
        payment: { externalId: 'a' },
        document: {
          type: 'source_of_funds',
          url: 'https://files.example/payslip.pdf',
          contentType: 'application/pdf',
          metadata: { fileName: 'payslip.pdf' },
        },
      },
      ['submit_document'],
    ],
    ['payment-attempt.create', { type: 'payment-attempt.create', payment }, ['create_attempt']],
  ])('%s is carried out in its steps', (_what, command, steps) => {
    expect(planSteps(paymentCommand.parse(command))).toEqual(steps);
  });

  const then = 'must be ["capture"] or ["authorize","capture"]';
  const reference = 'must be {"id":"…"} or {"externalId":"…"}, exactly one of them';
  const instant = 'must be an RFC 3339 instant such as "2026-05-18T10:00:00Z"';
  const types =
    'must be one of payment.create, payment.authorize, payment.capture, payment.refund, payment-attempt.create, payment.submit-document';
  const refund = { type: 'payment.refund', payment: { id: 'x' }, amount: '150.00', currency: 'ARS' };
  test.each<[string, unknown, ContentFault]>([
    ['no type', { payment }, { path: '/type', message: types }],
    ['an unknown type', { type: 'payment.cancel', payment }, { path: '/type', message: types }],
    [
      'capture before authorize',
      { type: 'payment.create', payment, ...plan(['capture', 'authorize']) },
      { path: '/then', message: then },
    ],
    ['an empty plan', { type: 'payment.create', payment, ...plan([]) }, { path: '/then', message: then }],
    [
      'authorize without capture',
      { type: 'payment.create', payment, ...plan(['authorize']) },
      { path: '/then', message: then },
    ],
    ['no payment', { type: 'payment.capture' }, { path: '/payment', message: reference }],
    [
      'both references',
      { type: 'payment.capture', payment: { id: 'a', externalId: 'b' } },
      { path: '/payment', message: reference },
    ],
    [
      'an empty reference',
      { type: 'payment.capture', payment: {} },
      { path: '/payment', message: reference },
    ],
    [
      'a plan for a capture',
      { type: 'payment.capture', payment: { id: 'a' }, ...plan(['capture']) },
      { path: '/then', message: 'is not a field that belongs here' },
    ],
    ...['amount', 'currency'].map((field): [string, unknown, ContentFault] => [
      `a refund without ${field}`,
      { ...refund, [field]: undefined },
      { path: `/${field}`, message: expect.stringMatching(/^(is missing|must be)/) as string },
    ]),
    [
      'a refund of nothing',
      { ...refund, amount: '0.00' },
      { path: '/amount', message: 'must be more than zero' },
    ],
    [
      'a refund finer than the currency',
      { ...refund, currency: 'CLP' },
      { path: '/amount', message: 'must have no decimals: CLP has none' },
    ],
    ['a refund of no payment', { ...refund, payment: undefined }, { path: '/payment', message: reference }],
    [
      'a refund created as a payment',
      { type: 'payment.create', payment: { ...payment, type: 'REFUND' } },
      { path: '/payment/type', message: expect.stringContaining('a payment.refund command') as string },
    ],
    [
      'a plan for an attempt',
      { type: 'payment-attempt.create', payment, ...plan(['capture']) },
      { path: '/then', message: 'is not a field that belongs here' },
    ],
    [
      'a day as deadline',
      { type: 'payment.capture', payment: { id: 'a' }, notAfter: '2026-05-18' },
      { path: '/notAfter', message: instant },
    ],
    [
      'a document of a type Conomy does not know',
      {
        type: 'payment.submit-document',
        payment: { id: 'a' },
        document: { type: 'selfie', url: 'https://a.example' },
      },
      { path: '/document/type', message: 'must be one of kyc, source_of_funds, invoice, contract, other' },
    ],
    [
      'a document without the place of its file',
      { type: 'payment.submit-document', payment: { id: 'a' }, document: { type: 'kyc' } },
      { path: '/document/url', message: 'is missing' },
    ],
    [
      'a document that lies where no one may listen in',
      {
        type: 'payment.submit-document',
        payment: { id: 'a' },
        document: { type: 'kyc', url: 'http://a.example' },
      },
      { path: '/document/url', message: 'must be an https URL' },
    ],
    [
      'a fault deep in the payment',
      { type: 'payment.create', payment: changed('collect', (b) => (b.origins[1].amount = '1.005')) },
      {
        path: '/payment/origins/1/amount',
        message: 'must have at most 2 decimals: that is the scale of COP',
      },
    ],
  ])('with %s is refused at the pointer of the fault', (_what, command, fault) => {
    expect(faultsOf(command)).toContainEqual(fault);
  });

  test('has one of the listed types, and each of them is understood', () => {
    const bodies: Record<(typeof COMMAND_TYPES)[number], unknown> = {
      'payment.create': { payment },
      'payment.authorize': { payment: { id: 'a' } },
      'payment.capture': { payment: { id: 'a' } },
      'payment.refund': refund,
      'payment-attempt.create': { payment },
      'payment.submit-document': {
        payment: { id: 'a' },
        document: { type: 'kyc', url: 'https://files.example/a' },
      },
    };
    for (const type of COMMAND_TYPES) expect(faultsOf({ ...(bodies[type] as object), type })).toEqual([]);
  });

  test('of a batch is pointed at inside the whole body', () => {
    const command = { type: 'payment.capture', payment: { id: 'a' }, colour: 1 };
    expect(faultsOf(command, ['commands', '3'])).toEqual([
      { path: '/commands/3/colour', message: 'is not a field that belongs here' },
    ]);
  });

  test('that is anything else is refused without throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (content) => {
        expect(faultsOf(content)).not.toEqual([]);
      }),
    );
  });
});

describe('a JSON pointer', () => {
  test('escapes tilde and slash', () => {
    expect(toPointer(['payment', 'a/b', 'm~n', 0])).toBe('/payment/a~1b/m~0n/0');
    expect(toPointer([])).toBe('');
  });

  test('of any path names exactly that path', () => {
    const part = fc.oneof(fc.string(), fc.stringMatching(/^[~/01]{0,6}$/), fc.nat());
    fc.assert(
      fc.property(fc.array(part), (path) => {
        const unescaped = toPointer(path)
          .split('/')
          .slice(1)
          .map((text) => text.replaceAll('~1', '/').replaceAll('~0', '~'));
        expect(unescaped).toEqual(path.map(String));
      }),
    );
  });
});

test('succeeded, rejected and canceled are ends; parked is still open', () => {
  const ended = (Object.keys(COMMAND_STATUSES) as (keyof typeof COMMAND_STATUSES)[]).filter(isEnded);
  expect(ended).toEqual(['succeeded', 'rejected', 'canceled']);
});
