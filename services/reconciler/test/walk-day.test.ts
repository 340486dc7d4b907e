/** The list of one day, however it changes while it is walked and however long it is. */
import type {
  ObservedPayment,
  PaymentPage,
  PaymentProvider,
} from '@capstan/shared/provider/payment-provider';
import { expect, test } from 'vitest';
import { walkDay } from '../src/comparison/walk-day.ts';

const rowOf = (id: number): ObservedPayment => ({ id: `id-${id}`, status: 'SETTLED', raw: {} });

/** Walks a day whose pages are listed so; `seen` counts each row as often as it is handed on. */
async function walk(list: (offset: number, call: number) => Partial<PaymentPage>) {
  let calls = 0;
  let seen = 0;
  const provider = {
    listPayments: async (_filter, { offset }) => {
      const page = list(offset, calls++);
      return {
        ok: true,
        value: { payments: [], unreadableRows: 0, nextOffset: null, isPaginated: true, ...page },
      };
    },
  } as PaymentProvider;
  const walker = { provider, wait: async () => {}, random: () => 0.5 };
  const walked = await walkDay(walker, '2026-05-11', async (rows) => {
    seen += rows.length;
  });
  return { ...walked, seen };
}

test.each([0, 50, 99, 100, 101, 200])(
  'a day on which %i payments come in above while it is walked is seen whole',
  async (burst) => {
    let rows = Array.from({ length: 1_000 }, (_, nth) => rowOf(nth));
    const day = await walk((offset, call) => {
      if (call === 5) rows = [...Array.from({ length: burst }, (_, nth) => rowOf(5_000 + nth)), ...rows];
      return { payments: rows.slice(offset, offset + 100), total: rows.length };
    });
    expect(day.gap).toBeNull();
    expect(rows.slice(burst).every(({ id }) => day.ids.has(id))).toBe(true);
    expect(day.seen).toBe(1_000 + burst);
  },
);

test('a day whose rows move away under the walk is walked once more', async () => {
  const rows = Array.from({ length: 300 }, (_, nth) => rowOf(nth));
  const day = await walk((offset, call) => {
    if (call === 1) rows.push(...rows.splice(0, 10));
    return { payments: rows.slice(offset, offset + 100), total: 300 };
  });
  expect(day).toMatchObject({ gap: null, seen: 300 });
});

test('a day of more than ten thousand pages is seen whole', async () => {
  const day = await walk((offset) => ({ payments: offset < 10_050 ? [rowOf(offset)] : [], total: 10_050 }));
  expect(day).toMatchObject({ gap: null, seen: 10_050, pages: 10_051 });
});
