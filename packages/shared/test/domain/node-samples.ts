import type { CreatePaymentBody } from '../../src/domain/create-payment-body.ts';
import { railSamples } from '../../src/domain/rail-samples.ts';
import type { Direction, RailType } from '../../src/domain/rails.ts';

/** A valid body, and the node in it that shows a rail in one direction: the first of its side. */
export interface NodeSample {
  rail: RailType;
  direction: Direction;
  side: 'origins' | 'destinations';
  body: CreatePaymentBody;
}

/** One for each rail and direction, from the samples of all payment types. */
export function nodeSamples(): NodeSample[] {
  const found = new Map<string, NodeSample>();
  for (const { body } of railSamples) {
    for (const [direction, side] of [
      ['in', 'origins'],
      ['out', 'destinations'],
    ] as const) {
      const rail = body[side][0]?.type;
      if (rail) found.set(`${rail} ${direction}`, { rail, direction, side, body });
    }
  }
  return [...found.values()];
}
