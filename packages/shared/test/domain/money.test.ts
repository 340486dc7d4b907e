import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CURRENCIES,
  CURRENCY_SCALES,
  type Currency,
  explainUnsendableAmount,
  formatAmount,
  isCurrency,
  type Money,
  parseSendableAmount,
  readReceivedAmount,
  sumMoney,
} from '../../src/domain/money.ts';

const currency = fc.constantFrom(...CURRENCIES);

/** Any amount that may be sent: above zero, at most twelve digits before the point. */
const sendable = currency.chain((code) =>
  fc
    .bigInt({ min: 1n, max: 10n ** BigInt(12 + CURRENCY_SCALES[code]) - 1n })
    .map((minor): Money => ({ minor, currency: code })),
);

function exact(minor: bigint, code: Currency) {
  return { exact: true, money: { minor, currency: code } };
}

describe('an amount to be sent', () => {
  test('survives formatting and parsing unchanged', () => {
    fc.assert(
      fc.property(sendable, (money) => {
        expect(parseSendableAmount(formatAmount(money), money.currency)).toEqual(money);
      }),
    );
  });

  test('is read to the last minor unit', () => {
    expect(parseSendableAmount('30000.00', 'COP')).toEqual({ minor: 3_000_000n, currency: 'COP' });
    expect(parseSendableAmount('30000', 'COP')).toEqual({ minor: 3_000_000n, currency: 'COP' });
    expect(parseSendableAmount('7.8', 'COP')).toEqual({ minor: 780n, currency: 'COP' });
    expect(parseSendableAmount('49990', 'CLP')).toEqual({ minor: 49_990n, currency: 'CLP' });
    expect(parseSendableAmount('999999999999.999999', 'USDC')).toEqual({
      minor: 999_999_999_999_999_999n,
      currency: 'USDC',
    });
  });

  const plain = /^must be a plain decimal/;
  test.each<[text: string, currency: Currency, reason: RegExp]>([
    ['', 'COP', plain],
    [' 1', 'COP', plain],
    ['1 ', 'COP', plain],
    ['1\n', 'COP', plain],
    ['+1', 'COP', plain],
    ['-5', 'COP', plain],
    ['01', 'COP', plain],
    ['00.10', 'COP', plain],
    ['.5', 'COP', plain],
    ['5.', 'COP', plain],
    ['1,000', 'COP', plain],
    ['1.000,00', 'COP', plain],
    ['1e3', 'COP', plain],
    ['0x10', 'COP', plain],
    ['١٢', 'COP', plain],
    ['NaN', 'COP', plain],
    ['10.005', 'COP', /^must have at most 2 decimals: that is the scale of COP$/],
    ['10.000', 'COP', /^must have at most 2 decimals/],
    ['1.0000001', 'USDT', /^must have at most 6 decimals/],
    ['1.5', 'CLP', /^must have no decimals: CLP has none$/],
    ['49990.00', 'CLP', /^must have no decimals/],
    ['1000000000000', 'COP', /^must have at most 12 digits before the point$/],
    ['0', 'COP', /^must be more than zero$/],
    ['0.00', 'COP', /^must be more than zero$/],
    ['0', 'PYG', /^must be more than zero$/],
  ])('%j %s is refused with its reason', (text, code, reason) => {
    expect(explainUnsendableAmount(text, code)).toMatch(reason);
    expect(() => parseSendableAmount(text, code)).toThrow(RangeError);
  });

  test('of any text is either refused with a reason or read back to the same value', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.eE+-]{0,20}$/));
    fc.assert(
      fc.property(text, currency, (candidate, code) => {
        if (explainUnsendableAmount(candidate, code) !== null) return;
        const parsed = parseSendableAmount(candidate, code);
        expect(readReceivedAmount(candidate, code)).toEqual({ exact: true, money: parsed });
      }),
    );
  });
});

describe('a received amount', () => {
  test.each(['30000', '30000.0', '30000.00', '30000.000', '030000.00', '30000.0000000000'])(
    '%j COP is the same money as what was sent as "30000.00"',
    (text) => {
      expect(readReceivedAmount(text, 'COP')).toEqual(exact(3_000_000n, 'COP'));
    },
  );

  test('is read by value, however many zeros surround it', () => {
    const zeros = fc.integer({ min: 0, max: 8 }).map((count) => '0'.repeat(count));
    fc.assert(
      fc.property(sendable, zeros, zeros, (money, before, after) => {
        const text = formatAmount(money);
        const padded = text.includes('.') ? `${before}${text}${after}` : `${before}${text}.0${after}`;
        expect(readReceivedAmount(padded, money.currency)).toEqual({ exact: true, money });
      }),
    );
  });

  test.each([
    [30000, 'COP', 3_000_000n],
    [4.84, 'COP', 484n],
    [0, 'COP', 0n],
    [49990, 'CLP', 49_990n],
    [0.5, 'USDC', 500_000n],
  ] as const)('the number %d %s is read like its text', (received, code, minor) => {
    expect(readReceivedAmount(received, code)).toEqual(exact(minor, code));
  });

  test.each([
    ['10.005', 'COP'],
    ['1.5', 'CLP'],
    ['0.0000001', 'USDC'],
    ['-5', 'COP'],
    ['1e3', 'COP'],
    ['', 'COP'],
    ['5.', 'COP'],
    ['1000000000000', 'COP'],
    ['12', 'XAU'],
    ['12', 'cop'],
    ['12', 'toString'],
    ['12', undefined],
  ])('%j %s stays text, neither rounded nor thrown', (text, code) => {
    expect(readReceivedAmount(text, code)).toEqual({ exact: false, text });
  });

  test.each([
    ['zeros', `1.${'0'.repeat(200_000)}`, true],
    ['zeros and something else', `1.${'0'.repeat(200_000)}x`, false],
    ['zeros and one more digit', `1.${'0'.repeat(200_000)}1`, false],
    ['digits before the point', '9'.repeat(200_000), false],
  ])('with very many %s is read at once', (_what, text, exact) => {
    const begun = performance.now();
    expect(readReceivedAmount(text, 'COP').exact).toBe(exact);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test('that is a number finer than the scale stays text', () => {
    expect(readReceivedAmount(0.1 + 0.2, 'COP')).toEqual({ exact: false, text: '0.30000000000000004' });
    expect(readReceivedAmount(1e21, 'COP')).toEqual({ exact: false, text: '1e+21' });
  });

  test('of any JSON value and currency never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (received, code) => {
        const read = readReceivedAmount(received, code);
        expect(read.exact ? read.money.currency : typeof read.text).toBe(read.exact ? code : 'string');
      }),
    );
    expect(readReceivedAmount({ toString: 1 }, 'COP')).toEqual({ exact: false, text: '{"toString":1}' });
    expect(readReceivedAmount(undefined, 'COP')).toEqual({ exact: false, text: '' });
  });
});

describe('sums', () => {
  test('are exact', () => {
    fc.assert(
      fc.property(currency, fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n })), (code, minors) => {
        const amounts = minors.map((minor) => ({ minor, currency: code }));
        expect(sumMoney(amounts, code)).toEqual({
          minor: minors.reduce((a, b) => a + b, 0n),
          currency: code,
        });
      }),
    );
  });

  test('of different currencies are a programmer error', () => {
    expect(() => sumMoney([{ minor: 1n, currency: 'CLP' }], 'COP')).toThrow('cannot add CLP to COP');
  });
});

test('formatted amounts carry the full scale of their currency', () => {
  expect(formatAmount({ minor: 3_000_000n, currency: 'COP' })).toBe('30000.00');
  expect(formatAmount({ minor: 5n, currency: 'COP' })).toBe('0.05');
  expect(formatAmount({ minor: -5n, currency: 'COP' })).toBe('-0.05');
  expect(formatAmount({ minor: 49_990n, currency: 'CLP' })).toBe('49990');
  expect(formatAmount({ minor: 1n, currency: 'USDT' })).toBe('0.000001');
});

test('only the listed currencies are currencies, not what every object has', () => {
  expect(isCurrency('COP')).toBe(true);
  for (const text of ['', 'cop', 'XAU', 'constructor', '__proto__']) expect(isCurrency(text)).toBe(false);
});
