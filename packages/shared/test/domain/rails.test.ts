import { describe, expect, test } from 'vitest';
import { createPaymentBody } from '../../src/domain/create-payment-body.ts';
import { toPointer } from '../../src/domain/problem.ts';
import { type Direction, RAIL_TYPES, RAILS, type RailType, requiredPaths } from '../../src/domain/rails.ts';
import { type Body, faultsOf } from './bodies.ts';
import { type NodeSample, nodeSamples } from './node-samples.ts';

const samples = nodeSamples();
const named = samples.map((sample): [string, NodeSample] => [`${sample.rail} ${sample.direction}`, sample]);

/** The sample's body after `change` of the node it shows. */
function bodyWith({ body, side }: NodeSample, change: (node: Body, body: Body) => void): Body {
  const copy: Body = structuredClone(body);
  change(copy[side][0], copy);
  return copy;
}

function pointer({ side }: NodeSample, path: string): string {
  return toPointer([side, 0, ...path.split('.')]);
}

function remove(node: Body, path: string): void {
  const names = path.split('.');
  const last = names.pop() ?? path;
  const parent = names.reduce<Body | undefined>((inner, name) => inner?.[name], node);
  delete parent?.[last];
}

describe('the table of rails', () => {
  test('has a sample of every rail in every direction it goes', () => {
    const expected = RAIL_TYPES.flatMap((type) =>
      (['in', 'out'] as const).filter((direction) => RAILS[type][direction]).map((d) => `${type} ${d}`),
    );
    expect(named.map(([name]) => name).sort()).toEqual(expected.sort());
  });

  test('has the key that Conomy derives from the type: camel case, with three exceptions', () => {
    const exceptions: Partial<Record<RailType, string>> = {
      BANK_ACCOUNT: 'bank',
      CRYPTO: 'wallet',
      FEDNOW: 'fedNow',
    };
    for (const type of RAIL_TYPES) {
      const camelCase = type.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
      expect(RAILS[type].key).toBe(exceptions[type] ?? camelCase);
    }
  });
});

describe.each(named)('%s', (_name, sample) => {
  const { rail, direction, side } = sample;
  const { key, currencies } = RAILS[rail];

  test('is accepted as its sample shows it, and sent exactly so', () => {
    expect(faultsOf(sample.body)).toEqual([]);
    expect(createPaymentBody.parse(sample.body)).toEqual(sample.body);
  });

  test('is refused without any one of its required fields', () => {
    for (const choice of requiredPaths(rail, direction)) {
      const body = bodyWith(sample, (node) => {
        for (const path of choice) remove(node, path);
      });
      const missing = faultsOf(body).filter(({ message }) => message.startsWith('is missing'));
      // Where a whole object had only this field, the object is what is missing.
      expect(missing.some(({ path }) => pointer(sample, choice[0] ?? '').startsWith(path))).toBe(true);
    }
  });

  test('is refused without its rail object', () => {
    const body = bodyWith(sample, (node) => delete node[key]);
    expect(faultsOf(body)).toContainEqual({ path: pointer(sample, key), message: 'is missing' });
  });

  test('is refused with the object of another rail', () => {
    const other = rail === 'PIX' ? 'cvu' : 'pix';
    const faults = faultsOf(bodyWith(sample, (node) => Object.assign(node, { [other]: {} })));
    expect(faults).toContainEqual({
      path: pointer(sample, other),
      message: 'is not a field that belongs here',
    });
  });

  test('is refused with an unknown field, on the node and inside', () => {
    const inside = bodyWith(sample, (node) => Object.assign(node[key], { colour: 'red' }));
    const message = 'is not a field that belongs here';
    expect(faultsOf(inside)).toContainEqual({ path: pointer(sample, `${key}.colour`), message });
    const outside = bodyWith(sample, (node) => Object.assign(node, { colour: 'red' }));
    expect(faultsOf(outside)).toContainEqual({ path: pointer(sample, 'colour'), message });
  });

  test('is refused in a currency it does not move', () => {
    const body = bodyWith(sample, (node, whole) => {
      node.currency = 'AUD';
      if (rail === 'BANK_ACCOUNT') node.bank.currency = 'AUD';
      whole.product = side === 'origins' ? `AUD:${whole.currency}` : `${whole.purchaseCurrency}:AUD`;
      whole[side === 'origins' ? 'purchaseCurrency' : 'currency'] = 'AUD';
    });
    const message = `must be ${currencies?.join(' or ')} for ${rail}`;
    const expected = currencies === null ? [] : [{ path: pointer(sample, 'currency'), message }];
    expect(
      faultsOf(body).filter(({ path }) => path.endsWith('/0/currency') && path.startsWith(`/${side}`)),
    ).toEqual(expected);
  });

  const opposite: Direction = direction === 'in' ? 'out' : 'in';
  if (RAILS[rail][opposite]) return;
  test(`is refused where money goes ${opposite}`, () => {
    const body = bodyWith(sample, (node, whole) => {
      const [origins, destinations] = [whole.origins, whole.destinations];
      Object.assign(whole, { origins: destinations, destinations: origins });
      whole[direction === 'in' ? 'destinations' : 'origins'] = [node];
    });
    expect(faultsOf(body)).toContainEqual({
      path: toPointer([side === 'origins' ? 'destinations' : 'origins', 0, 'type']),
      message: expect.stringContaining(`no money goes ${opposite}: must be one of ACCOUNT, `) as string,
    });
  });
});

describe('where the documents disagree on the place of an account number', () => {
  const usd = named.filter(([, { rail }]) => ['ACH', 'WIRE', 'FEDNOW', 'RTP'].includes(rail));

  test.each(usd)('%s takes either spelling, and exactly one', (_name, sample) => {
    const { key } = RAILS[sample.rail];
    const direct = bodyWith(sample, (node) => {
      node[key].accountNumber = node[key].bank.accountNumber;
      delete node[key].bank;
    });
    expect(faultsOf(direct)).toEqual([]);
    const both = bodyWith(sample, (node) => (node[key].accountNumber = '1'));
    expect(faultsOf(both)).toEqual([
      {
        path: pointer(sample, `${key}.accountNumber`),
        message: 'must be given once: bank.accountNumber or accountNumber',
      },
    ]);
    const none = bodyWith(sample, (node) => delete node[key].bank);
    expect(faultsOf(none)).toEqual([
      {
        path: pointer(sample, `${key}.bank.accountNumber`),
        message: 'is missing: give bank.accountNumber or accountNumber',
      },
    ]);
  });
});

describe('a field is refused in another form than Conomy documents', () => {
  test.each<[RailType, Direction, string, unknown, string]>([
    ['BANK_ACCOUNT', 'out', 'bank.country', 'COL', 'alpha-2'],
    ['BANK_ACCOUNT', 'out', 'customer.country', 'CO', 'alpha-3'],
    ['BANK_ACCOUNT', 'out', 'bank.typeAccount', 'CURRENT', 'must be one of CHECKING, SAVINGS'],
    ['BANK_ACCOUNT', 'out', 'bank.currency', 'USD', 'must be COP, the currency of the node'],
    ['BANK_ACCOUNT', 'out', 'customer.email', 'jane', 'must be an e-mail address'],
    ['PIX', 'out', 'pix.pixKeyType', 'IBAN', 'must be one of CPF, CNPJ, EMAIL, PHONE, EVP'],
    ['PIX', 'in', 'pix.successUrl', 'ftp://shop.example', 'must be an http(s) URL'],
    ['PCT', 'in', 'pct.customer.phoneNumberPrefix', 'AR', 'a country calling code'],
    ['SPEI', 'out', 'spei.clabe', '03218000011835971', 'must be 18 digits'],
    ['SPEI', 'in', 'spei.clabe', '032180000118359719', 'is not a field that belongs here'],
    ['ACH', 'out', 'ach.routingNumber', '02100002', 'must be 9 digits'],
    ['ACH', 'out', 'ach.accountType', 'CURRENT', 'must be one of CHECKING, SAVINGS'],
    ['ACH', 'out', 'ach.accountHolderType', 'PERSON', 'must be one of INDIVIDUAL, BUSINESS'],
    ['WIRE', 'out', 'wire.swiftCode', 'CHASUS3', 'a SWIFT code'],
    ['SEPA', 'out', 'sepa.iban', 'DE89 3704 0044', 'an IBAN without spaces'],
    ['SEPA', 'out', 'sepa.bic', 'deutdeff', 'a SWIFT code'],
    ['FPE', 'out', 'fpe.accountNumber', '1234567', 'must be 8 digits'],
    ['FPE', 'out', 'fpe.sortCode', '20-0000', 'a sort code'],
    ['ETPAY', 'in', 'etpay.customer.address', 'Calle 1', 'expected object'],
    ['CARD', 'in', 'card.pan', '4111111111111111', 'is not a field that belongs here'],
    ['ACCOUNT', 'out', 'account.accountNumber', '', 'must not be empty'],
  ])('%s %s: %s = %j', (rail, direction, path, value, reason) => {
    const sample = samples.find((one) => one.rail === rail && one.direction === direction);
    if (!sample) throw new Error(`no sample of ${rail} ${direction}`);
    const names = path.split('.');
    const body = bodyWith(sample, (node) => {
      const parent = names.slice(0, -1).reduce<Body>((inner, name) => inner[name], node);
      parent[names.at(-1) ?? ''] = value;
    });
    expect(faultsOf(body)).toContainEqual({
      path: pointer(sample, path),
      message: expect.stringContaining(reason) as string,
    });
  });

  test.each([
    ['FPE', 'sortCode', '20-00-00'],
    ['PCT', 'customer', { email: 'a@b.co', phoneNumber: '11', phoneNumberPrefix: '+54' }],
  ] as const)('but both documented spellings of %s %s are accepted', (rail, field, value) => {
    const sample = samples.find((one) => one.rail === rail);
    if (!sample) throw new Error(`no sample of ${rail}`);
    expect(faultsOf(bodyWith(sample, (node) => (node[RAILS[rail].key][field] = value)))).toEqual([]);
  });
});
