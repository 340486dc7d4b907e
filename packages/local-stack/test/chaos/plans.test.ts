import { FAULT_NAMES } from '@capstan/conomy-sandbox/fault-catalogue';
import { expect, test } from 'vitest';
import { readChaosOptions } from '../../src/chaos/chaos-options.ts';
import { drawInflictions, OPEN_DEFECTS, providerFaults } from '../../src/chaos/fault-plan.ts';
import { drawIntents } from '../../src/chaos/intents.ts';

const SIZE = { commands: 200, seconds: 30 };

test('the same seed draws the same workload and the same faults, another seed others', () => {
  expect(drawIntents({ seed: 7, ...SIZE })).toEqual(drawIntents({ seed: 7, ...SIZE }));
  expect(drawIntents({ seed: 8, ...SIZE })).not.toEqual(drawIntents({ seed: 7, ...SIZE }));
  expect(drawInflictions(7, 30, 'redis')).toEqual(drawInflictions(7, 30, 'redis'));
  expect(drawInflictions(8, 30, 'redis')).not.toEqual(drawInflictions(7, 30, 'redis'));
});

test('a workload has as many commands as asked for, each with a key of its own', () => {
  const keys = drawIntents({ seed: 1, ...SIZE }).flatMap(({ commands }) => commands.map(({ key }) => key));
  expect(keys.length).toBeGreaterThanOrEqual(200);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each(['redis', 'postgres'] as const)('every run on %s kills, stops, empties and cuts', (queue) => {
  for (let seed = 1; seed <= 20; seed++) {
    const kinds = new Set(drawInflictions(seed, 15, queue).map(({ infliction }) => infliction.kind));
    for (const kind of ['kill', 'stop', 'flush', 'kill-postgres']) expect(kinds).toContain(kind);
    expect(kinds.has('kill-redis')).toBe(queue === 'redis');
  }
});

test('every fault of the catalogue but those of open defects is among those of the provider', () => {
  const played = FAULT_NAMES.filter((fault) => !OPEN_DEFECTS.has(fault));
  expect(new Set(providerFaults(1).rules.map(({ fault }) => fault))).toEqual(new Set(played));
});

test('options are read, and what cannot be followed is refused by name', () => {
  expect(readChaosOptions(['--seed', '3', '--queue', 'postgres'], 0)).toEqual({
    ...{ seconds: 30, commands: 500, seed: 3, queue: 'postgres', webhooks: true, simulate: null },
  });
  expect(() => readChaosOptions(['--queue', 'kafka'], 0)).toThrow(/--queue must be redis or postgres/);
  expect(() => readChaosOptions(['--seconds', '1'], 0)).toThrow(/--seconds must be a whole number from 5/);
  expect(readChaosOptions(['--simulate', '5'], 9)).toMatchObject({ simulate: 5, seed: 1 });
  expect(readChaosOptions(['--no-webhooks'], 0)).toMatchObject({ webhooks: false });
  expect(readChaosOptions(['--help'], 0)).toBeNull();
});
