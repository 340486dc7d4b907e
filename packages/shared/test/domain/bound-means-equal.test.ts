import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AskedPayment,
  amountOfRefund,
  type ComparedField,
  type Comparison,
  compareWithCreate,
  compareWithRefund,
  isTotalExplained,
  isUnclearWhenFound,
  namesEnough,
  type ToldPayment,
} from '../../src/domain/bound-means-equal.ts';

/** A COLLECT of 30,000.00 COP whose body names what is paid alone. */
const collect: AskedPayment = {
  externalId: 'order-2026-0001',
  accountNumber: '1001',
  type: 'COLLECT',
  purchaseAmount: '30000.00',
  purchaseCurrency: 'COP',
};
/** The same with the total, as the documented sample has it. */
const withTotal: AskedPayment = { ...collect, totalAmount: '30000.00', currency: 'COP' };
const totalOnly: AskedPayment = { ...withTotal, purchaseAmount: undefined, purchaseCurrency: undefined };
const converting: AskedPayment = {
  ...collect,
  type: 'REMITTANCE',
  purchaseAmount: '100.00',
  purchaseCurrency: 'USD',
  totalAmount: '400000.00',
  currency: 'COP',
};
const convertingFreely: AskedPayment = { ...converting, totalAmount: undefined };

const told: ToldPayment = {
  id: 'p1',
  externalId: 'order-2026-0001',
  accountNumber: '1001',
  type: 'COLLECT',
  purchaseAmount: '30000.00',
  purchaseCurrency: 'COP',
  totalAmount: '30000.00',
  currency: 'COP',
};
const toldConverting: ToldPayment = {
  ...told,
  type: 'REMITTANCE',
  purchaseAmount: '100.00',
  purchaseCurrency: 'USD',
  totalAmount: '400000.00',
  currency: 'COP',
};

function fieldsOf(comparison: Comparison): ComparedField[] {
  if (comparison.verdict === 'agrees') return [];
  return comparison.fields.map((one) => (typeof one === 'string' ? one : one.field));
}

describe('a payment agrees with its create', () => {
  test.each<[what: string, asked: AskedPayment, told: ToldPayment]>([
    ['when all is equal', withTotal, told],
    ['and with the id asked for', { ...withTotal, id: 'p1' }, told],
    ['by value: without decimals', withTotal, { ...told, purchaseAmount: '30000', totalAmount: '30000' }],
    ['by value: with more zeros', collect, { ...told, purchaseAmount: '30000.000' }],
    ['by value: with leading zeros', collect, { ...told, purchaseAmount: '030000' }],
    ['when the total was not asked for and is another', collect, { ...told, totalAmount: '29850.00' }],
    [
      'when the total was asked for in the currency of the purchase and is another',
      withTotal,
      { ...told, totalAmount: '29850.00' },
    ],
    ['when no total is told', withTotal, { ...told, totalAmount: undefined, currency: undefined }],
    ['when the total alone was asked for', totalOnly, { ...told, purchaseAmount: '30150.00' }],
    ['when it converts, with both amounts asked for', converting, toldConverting],
    [
      'when it converts to whatever comes of it',
      convertingFreely,
      { ...toldConverting, totalAmount: '399999.99' },
    ],
    [
      'under an older name of its type',
      { ...withTotal, type: 'REMITTANCE' },
      { ...told, type: 'REMITTANCES' },
    ],
    ['under a name that became two', { ...withTotal, type: 'PURCHASE' }, { ...told, type: 'PAY_IN' }],
    ['when nothing was asked for', {}, told],
  ])('%s', (_what, asked, payment) => {
    expect(compareWithCreate(asked, payment)).toEqual({ verdict: 'agrees' });
  });
});

describe('a payment contradicts its create', () => {
  test.each<[what: string, asked: AskedPayment, told: ToldPayment, fields: ComparedField[]]>([
    [
      'with another total, where of what is paid the currency alone was named',
      { ...totalOnly, purchaseCurrency: 'COP' },
      { ...told, totalAmount: '29999.99' },
      ['totalAmount'],
    ],
    ['with another id', { ...withTotal, id: 'p2' }, told, ['id']],
    ['with another externalId', withTotal, { ...told, externalId: 'order-2026-0002' }, ['externalId']],
    ['with an externalId that was cut', withTotal, { ...told, externalId: 'order-2026' }, ['externalId']],
    [
      'with an externalId with a space',
      withTotal,
      { ...told, externalId: 'order-2026-0001 ' },
      ['externalId'],
    ],
    ['with another account', withTotal, { ...told, accountNumber: '1002' }, ['accountNumber']],
    ['with another type', withTotal, { ...told, type: 'P2P' }, ['type']],
    ['with the older name of another type', withTotal, { ...told, type: 'REMITTANCES' }, ['type']],
    ['with an older name nobody knows what became of', withTotal, { ...told, type: 'REWARDS' }, ['type']],
    ['with a refund', withTotal, { ...told, type: 'REFUND' }, ['type']],
    ['with another amount', withTotal, { ...told, purchaseAmount: '99000.00' }, ['purchaseAmount']],
    [
      'with an amount finer than the currency',
      withTotal,
      { ...told, purchaseAmount: '30000.001' },
      ['purchaseAmount'],
    ],
    ['with something that is no amount', withTotal, { ...told, purchaseAmount: '3e4' }, ['purchaseAmount']],
    [
      'with another amount whose currency is missing',
      withTotal,
      { ...told, purchaseAmount: '99000.00', purchaseCurrency: undefined },
      ['purchaseAmount'],
    ],
    ['with another currency', withTotal, { ...told, purchaseCurrency: 'ARS' }, ['purchaseCurrency']],
    [
      'with another currency whose amount is missing',
      withTotal,
      { ...told, purchaseAmount: undefined, purchaseCurrency: 'ARS' },
      ['purchaseCurrency'],
    ],
    ['with another currency received', withTotal, { ...told, currency: 'ARS' }, ['currency']],
    [
      'with another total, where that alone was asked for',
      totalOnly,
      { ...told, totalAmount: '29850.00' },
      ['totalAmount'],
    ],
    [
      'with another total in the other currency',
      converting,
      { ...toldConverting, totalAmount: '400000.01' },
      ['totalAmount'],
    ],
    [
      'in everything',
      { ...withTotal, id: 'p2' },
      {
        id: 'p1',
        externalId: 'b',
        accountNumber: 'b',
        type: 'P2P',
        purchaseAmount: '1',
        purchaseCurrency: 'USD',
      },
      ['id', 'externalId', 'accountNumber', 'type', 'purchaseAmount', 'purchaseCurrency'],
    ],
  ])('%s', (_what, asked, payment, fields) => {
    const comparison = compareWithCreate(asked, payment);
    expect(comparison.verdict).toBe('contradicts');
    expect(fieldsOf(comparison)).toEqual(fields);
    expect(isUnclearWhenFound(comparison)).toBe(true);
    expect(namesEnough(comparison)).toBe(false);
  });

  test('and both sides are told', () => {
    expect(compareWithCreate(withTotal, { ...told, purchaseAmount: '99000' })).toEqual({
      verdict: 'contradicts',
      fields: [{ field: 'purchaseAmount', asked: '30000.00', told: '99000' }],
    });
  });

  test('whatever else it lacks', () => {
    const comparison = compareWithCreate(withTotal, { id: 'p1', accountNumber: '1002' });
    expect(fieldsOf(comparison)).toEqual(['accountNumber']);
  });
});

describe('a payment lacks', () => {
  test.each<
    [
      what: string,
      asked: AskedPayment,
      told: ToldPayment,
      fields: ComparedField[],
      isUnclear: boolean,
      isEnough: boolean,
    ]
  >([
    [
      'all but id and type',
      withTotal,
      { id: 'p1', type: 'COLLECT' },
      ['externalId', 'accountNumber', 'purchaseAmount', 'purchaseCurrency'],
      true,
      false,
    ],
    ['its externalId', withTotal, { ...told, externalId: undefined }, ['externalId'], true, false],
    ['its account', withTotal, { ...told, accountNumber: undefined }, ['accountNumber'], false, false],
    ['its type', withTotal, { ...told, type: undefined }, ['type'], false, true],
    ['what is paid', withTotal, { ...told, purchaseAmount: undefined }, ['purchaseAmount'], true, false],
    [
      'the currency it is paid in',
      withTotal,
      { ...told, purchaseCurrency: undefined },
      ['purchaseCurrency'],
      true,
      false,
    ],
    [
      'the total that alone was asked for',
      totalOnly,
      { ...told, totalAmount: undefined },
      ['totalAmount'],
      true,
      false,
    ],
    [
      'the total in the other currency',
      converting,
      { ...toldConverting, totalAmount: undefined, currency: undefined },
      ['totalAmount', 'currency'],
      true,
      false,
    ],
  ])('%s', (_what, asked, payment, fields, isUnclear, isEnough) => {
    const comparison = compareWithCreate(asked, payment);
    expect(comparison).toEqual({ verdict: 'lacks', fields });
    expect(isUnclearWhenFound(comparison)).toBe(isUnclear);
    expect(namesEnough(comparison)).toBe(isEnough);
  });
});

test.each<[what: string, told: ToldPayment, isEnough: boolean]>([
  ['names all that binds', told, true],
  ['leaves out its type alone', { ...told, type: undefined }, true],
  ['leaves out its account', { ...told, accountNumber: undefined }, false],
  ['leaves out its type and its account', { ...told, type: undefined, accountNumber: undefined }, false],
  ['contradicts', { ...told, purchaseAmount: '30000.01' }, false],
  ['contradicts in its type alone', { ...told, type: 'REMITTANCE' }, false],
])('whether an answer needs no whole read that %s', (_what, answer, isEnough) => {
  expect(namesEnough(compareWithCreate(collect, answer))).toBe(isEnough);
});

describe('a total', () => {
  const fees = [{ name: 'rule', type: 'PERCENTAGE', value: '0.5', amount: '150.00', currency: 'COP' }];
  test.each<[what: string, asked: AskedPayment, told: ToldPayment, isExplained: boolean]>([
    ['is explained when it is the purchase', collect, told, true],
    ['is explained when it is not told', collect, { ...told, totalAmount: undefined }, true],
    ['is explained by its fees', collect, { ...told, totalAmount: '29850.00', raw: { fees } }, true],
    [
      'that was asked for too is explained by its fees',
      withTotal,
      { ...told, totalAmount: '29850.00', raw: { fees } },
      true,
    ],
    ['is not explained without fees', collect, { ...told, totalAmount: '29850.00', raw: {} }, false],
    ['is not explained by other fees', collect, { ...told, totalAmount: '29000.00', raw: { fees } }, false],
    ['is not explained in a currency nobody asked for', collect, { ...told, currency: 'USD' }, false],
    [
      'without a currency is read in that of the purchase',
      collect,
      { ...told, totalAmount: '99000', currency: undefined },
      false,
    ],
    ['is free when the payment converts', convertingFreely, { ...toldConverting, totalAmount: '1.00' }, true],
    ['is compared and needs no explanation where it alone was asked for', totalOnly, told, true],
  ])('%s', (_what, asked, payment, isExplained) => {
    expect(isTotalExplained(asked, payment)).toBe(isExplained);
  });
});

describe('a refund', () => {
  const asked = { parentPaymentId: 'p1', amount: '150.00', currency: 'COP' };
  const child: ToldPayment = {
    id: 'r1',
    type: 'REFUND',
    parentPaymentId: 'p1',
    totalAmount: '150',
    currency: 'COP',
  };
  test.each<[what: string, told: ToldPayment]>([
    ['of that amount below its parent', child],
    ['that names the amount as its purchase', { ...child, totalAmount: undefined, purchaseAmount: '150.00' }],
    [
      'that names the currency as that of its purchase',
      {
        ...child,
        totalAmount: undefined,
        currency: undefined,
        purchaseAmount: '150.00',
        purchaseCurrency: 'COP',
      },
    ],
  ])('%s agrees', (_what, payment) => {
    expect(compareWithRefund(asked, payment)).toEqual({ verdict: 'agrees' });
  });

  test.each<[what: string, told: ToldPayment, fields: ComparedField[]]>([
    ['of another amount', { ...child, totalAmount: '30000.00' }, ['totalAmount']],
    [
      'whose total is another although its purchase is not',
      { ...child, totalAmount: '149.00', purchaseAmount: '150.00' },
      ['totalAmount'],
    ],
    ['in another currency', { ...child, currency: 'USD' }, ['currency']],
    ['of another payment', { ...child, parentPaymentId: 'p2' }, ['parentPaymentId']],
    ['that is no refund', { ...child, type: 'PURCHASE' }, ['type']],
  ])('%s contradicts', (_what, payment, fields) => {
    const comparison = compareWithRefund(asked, payment);
    expect(comparison.verdict).toBe('contradicts');
    expect(fieldsOf(comparison)).toEqual(fields);
  });

  test.each<[what: string, told: ToldPayment, fields: ComparedField[], isUnclear: boolean]>([
    ['its parent', { ...child, parentPaymentId: undefined }, ['parentPaymentId'], true],
    ['its amount', { ...child, totalAmount: undefined }, ['totalAmount'], true],
    ['its currency', { ...child, currency: undefined }, ['currency'], true],
    [
      'its amount in its own currency',
      { ...child, totalAmount: undefined, purchaseAmount: '150.00', purchaseCurrency: 'USD' },
      ['totalAmount'],
      true,
    ],
    ['its type', { ...child, type: undefined }, ['type'], false],
  ])('lacks %s', (_what, payment, fields, isUnclear) => {
    const comparison = compareWithRefund(asked, payment);
    expect(comparison).toEqual({ verdict: 'lacks', fields });
    expect(isUnclearWhenFound(comparison)).toBe(isUnclear);
  });

  test('has the amount of its total before that of its purchase', () => {
    expect(amountOfRefund({ totalAmount: '1', currency: 'COP', purchaseAmount: '2' })).toEqual({
      amount: '1',
      currency: 'COP',
    });
  });
});

describe('whatever is asked and told', () => {
  const word = fc.constantFrom('a', 'b', 'COLLECT', 'P2P', 'PAY_IN', 'COP', 'USD');
  const amount = fc.constantFrom('1', '1.0', '1.00', '2', '0.001', 'x');
  const payment = fc.record(
    {
      id: word,
      externalId: word,
      accountNumber: word,
      type: word,
      purchaseAmount: amount,
      purchaseCurrency: word,
      totalAmount: amount,
      currency: word,
    },
    { requiredKeys: [] },
  );

  test('less that is told contradicts nothing more', () => {
    fc.assert(
      fc.property(payment, payment, fc.constantFrom(...Object.keys(told)), (asked, full, hidden) => {
        const less = compareWithCreate(asked, { ...full, [hidden]: undefined });
        if (less.verdict !== 'contradicts') return;
        expect(fieldsOf(compareWithCreate(asked, full))).toEqual(expect.arrayContaining(fieldsOf(less)));
      }),
    );
  });

  test('a payment that names what was asked for agrees, and each field that is changed contradicts', () => {
    const fields = fc.constantFrom('id', 'externalId', 'accountNumber', 'purchaseAmount', 'purchaseCurrency');
    fc.assert(
      fc.property(fields, fc.constantFrom(withTotal, converting), (field, base) => {
        const asked = { ...base, id: 'p1' };
        const same = asked as ToldPayment;
        expect(compareWithCreate(asked, same)).toEqual({ verdict: 'agrees' });
        expect(fieldsOf(compareWithCreate(asked, { ...same, [field]: '7' }))).toEqual([field]);
      }),
    );
  });
});
