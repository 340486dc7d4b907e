import { describe, expect, test } from 'vitest';
import { capturerTimings } from '../src/timings.ts';

const config = {
  sendWindowMs: 2_000,
  callMsMax: 10_000,
  absenceReadsMin: 3,
  absenceSpanMs: 45_000,
  scanRowsMax: 1_000_000,
  unknownMsMax: 7_200_000,
  refundUnreadableMs: 900_000,
};

describe('a claim', () => {
  test('under which a call may leave outlives the end of a call that left at the last moment', () => {
    const { sendLeaseMs, sendWindowMs, callMsMax } = capturerTimings(config);
    expect(sendLeaseMs).toBeGreaterThan(sendWindowMs + callMsMax);
  });

  test('under which only reads are made outlives one of them', () => {
    const { readLeaseMs, callMsMax } = capturerTimings(config);
    expect(readLeaseMs).toBeGreaterThan(callMsMax);
  });
});
