import { describe, expect, it } from 'vitest';
import { type DemoResult, isAllWell, renderReport } from '../../src/demo/report.ts';
import { type Evidence, judge } from '../../src/demo/verdict.ts';
import { flawlessRun } from './flawless-run.ts';

function resultOf(evidence: Evidence): DemoResult {
  return {
    commands: evidence.commands,
    checks: judge(evidence),
    durationMs: 4_000,
    balance: { before: '10000000000.00', after: '10000015000.00' },
    faults: null,
    logDir: '.local/demo-logs',
  };
}

describe('renderReport', () => {
  it('says in words what was refused, what was rejected and that all is well', () => {
    const text = renderReport(resultOf(flawlessRun()));
    expect(text).toContain('Refused       command 12 by the API, 400 validation_failed');
    expect(text).toContain("Rejected      command 13, provider_rejected (Conomy's code 31, notFound)");
    expect(text).toContain('24 commands to their ends in 4.0 s, 6.0 per second');
    expect(text.trimEnd().split('\n').at(-1)).toBe('Everything ended as it should and nothing disagrees.');
  });

  it('says what was refunded and what stayed an attempt', () => {
    const text = renderReport(resultOf(flawlessRun()));
    expect(text).toContain(
      'Refund        command 4 gave 5,000.00 COP of the 15,000.00 COP of command 3 back',
    );
    expect(text).toContain('Attempt       command 11, demo-test-11:');
  });

  it('tells how often each fault fired', () => {
    const faults = { seed: 1, rules: [], calls: 9, fired: { '500': 2, 'webhook-drop': 5 } };
    const text = renderReport({ ...resultOf(flawlessRun()), faults });
    expect(text).toContain('Faults fired  500 × 2, webhook-drop × 5');
  });

  it('names what disagrees and what is still open, within 100 columns', () => {
    const evidence = flawlessRun();
    for (const { effects } of evidence.ledger.payments) effects.capture = 2;
    const [first] = evidence.commands;
    if (first?.command) first.command.status = 'unresolved';
    const result = resultOf(evidence);
    const lines = renderReport(result).split('\n');
    expect(isAllWell(result)).toBe(false);
    expect(lines.filter((line) => line.startsWith('✘'))).toHaveLength(2);
    expect(lines).toContain('    and 11 more');
    expect(lines.some((line) => line.includes('command 1, demo-test-1: unresolved'))).toBe(true);
    expect(lines.at(-1)).toMatch(/^2 of 9 checks failed/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
