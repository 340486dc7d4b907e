import { FAULT_NAMES, FAULTS_BY_CLASS } from '@capstan/conomy-sandbox/fault-catalogue';
import { expect, test } from 'vitest';
import { readChaosOptions } from '../../src/chaos/chaos-options.ts';
import { drawCircumstances } from '../../src/chaos/circumstances.ts';
import {
  drawDatabaseClockSteps,
  drawInflictions,
  drawProviderClockSteps,
} from '../../src/chaos/fault-plan.ts';
import { drawIntents } from '../../src/chaos/intents.ts';
import { providerFaults } from '../../src/chaos/provider-faults.ts';
import { drawWorkload } from '../../src/chaos/workload.ts';

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

test('outages of the provider are short, and apart by more than the breaker waits after one', () => {
  const storms = Array.from({ length: 20 }, (_, seed) =>
    drawInflictions(seed, 60, 'redis').filter(({ infliction }) => infliction.kind === 'storm'),
  );
  for (const planned of storms) {
    expect(planned.length).toBeGreaterThanOrEqual(4);
    for (const [nth, { atMs, infliction }] of planned.entries()) {
      expect(infliction).toMatchObject({ forMs: expect.toSatisfy((ms: number) => ms <= 1_000) });
      expect(atMs - (planned[nth - 1]?.atMs ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(9_000);
    }
  }
  const faults = storms.flat().map(({ infliction }) => infliction.kind === 'storm' && infliction.fault);
  expect(new Set(faults).size).toBe(5);
});

const playedBy = (seed: number) => new Set(providerFaults(seed).rules.map(({ fault }) => fault));

test('the provider plays some kinds of each class by every seed, and all over a few', () => {
  const classes = Object.values(FAULTS_BY_CLASS).map((faults) => Object.keys(faults));
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  for (const seed of seeds)
    for (const kinds of classes)
      expect(kinds.filter((kind) => playedBy(seed).has(kind as never))).not.toEqual([]);
  expect(new Set(seeds.flatMap((seed) => [...playedBy(seed)]))).toEqual(new Set(FAULT_NAMES));
  expect(playedBy(1)).toEqual(playedBy(1));
  expect(playedBy(2)).not.toEqual(playedBy(1));
});

test('no answer to a create has all that was asked for and the id of another payment: nothing could tell it', () => {
  const seeds = Array.from({ length: 20 }, (_, seed) => providerFaults(seed).rules);
  const operations = seeds
    .flat()
    .flatMap(({ fault, operation }) => (fault === 'tells-other-id' ? [operation] : []));
  expect(new Set(operations)).toEqual(new Set(['authorize', 'capture', 'read']));
});

test('the provider has a zone, a form of events and the payments of others, the same for the same seed', () => {
  const NOW = Date.parse('2026-03-02T02:30:00Z');
  const drawn = Array.from({ length: 40 }, (_, seed) => drawCircumstances(seed, NOW));
  expect(drawCircumstances(7, NOW)).toEqual(drawn[7]);
  expect(new Set(drawn.map(({ clock }) => clock.utcOffset)).size).toBe(4);
  expect(new Set(drawn.map(({ webhookForm }) => webhookForm)).size).toBe(2);
  const [filled = []] = drawn.map(({ fills }) => fills).filter((fills) => fills.length > 0);
  expect(filled.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  expect(filled[0]).toMatchObject({ count: 20_000, day: '2026-03-02' });
});

test("the database's clock ends ahead: nothing stays put off by the hour it was behind", () => {
  for (let seed = 1; seed <= 20; seed++) {
    expect(drawProviderClockSteps(seed, 30)).toHaveLength(2);
    if (seed % 3 === 0) continue;
    const steps = drawDatabaseClockSteps(seed, 30).map(({ atMs, infliction }) => ({ atMs, ...infliction }));
    expect(steps).toMatchObject([
      { stepMs: -3_600_000, forMs: expect.any(Number) },
      { stepMs: 3_600_000, forMs: null },
    ]);
  }
});

test("in one run of three the database's clock stays as it is, so that deadlines are judged", () => {
  expect([3, 6, 600].flatMap((seed) => drawDatabaseClockSteps(seed, 30))).toEqual([]);
});

test('ids of a workload end in what is trimmed or composed, and none is another cut short', () => {
  const ids = drawWorkload({ seed: 3, ...SIZE }).map(({ externalId }) => externalId);
  expect(ids.some((id) => id !== id.trim())).toBe(true);
  expect(ids.some((id) => id !== id.normalize('NFC'))).toBe(true);
  for (const id of ids) {
    const kept = [id.trim(), id.normalize('NFC'), id.slice(0, -1), id.slice(0, -2)];
    expect(ids.filter((other) => other !== id && kept.includes(other))).toEqual([]);
  }
});

test('a command may be parked for what its kind can meet, and never because Capstan failed at it', () => {
  const commands = drawWorkload({ seed: 3, ...SIZE }).flatMap((intent) => intent.commands);
  const endsOf = (type: string) =>
    new Set(commands.filter(({ command }) => command.type === type).flatMap(({ ends }) => ends));
  expect(endsOf('payment.create')).toContain('parked:scan_too_long');
  expect(endsOf('payment.refund')).toContain('parked:refunds_unreadable');
  expect(endsOf('payment.capture')).not.toContain('parked:scan_too_long');
  expect(endsOf('payment.create')).not.toContain('parked:refund_unresolved');
  expect(commands.filter(({ ends }) => ends.includes('parked:unreadable'))).toEqual([]);
});

test('options are read, and what cannot be followed is refused by name', () => {
  expect(readChaosOptions(['--seed', '3', '--queue', 'postgres'], 0)).toEqual({
    ...{
      seconds: 30,
      commands: 500,
      seed: 3,
      queue: 'postgres',
      webhooks: true,
      simulate: null,
      check: null,
      only: null,
    },
  });
  expect(() => readChaosOptions(['--queue', 'kafka'], 0)).toThrow(/--queue must be redis or postgres/);
  expect(() => readChaosOptions(['--seconds', '1'], 0)).toThrow(/--seconds must be a whole number from 5/);
  expect(readChaosOptions(['--simulate', '5'], 9)).toMatchObject({ simulate: 5, seed: 1 });
  expect(readChaosOptions(['--simulate', '5', '--only', 'total_lags'], 9)).toMatchObject({
    only: 'total_lags',
  });
  expect(() => readChaosOptions(['--only', 'total_lags'], 0)).toThrow(/--only is for --simulate/);
  expect(readChaosOptions(['--no-webhooks'], 0)).toMatchObject({ webhooks: false });
  expect(readChaosOptions(['--check', '.local/run'], 0)).toMatchObject({ check: '.local/run' });
  expect(readChaosOptions(['--help'], 0)).toBeNull();
});
