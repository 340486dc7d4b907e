import { SECOND_COP_COLLECTOR, SECOND_COP_PAYER } from '@capstan/conomy-sandbox/default-accounts';
import { describe, expect, it } from 'vitest';
import {
  attemptOnly,
  createAndCapture,
  createAuthorizeAndCapture,
  createThenRefund,
} from '../../src/demo/command-kinds.ts';
import { expectedMovements } from '../../src/demo/expected-movements.ts';
import { sampleBody, transferBody } from '../../src/demo/payment-bodies.ts';
import type { CommandDraft } from '../../src/demo/workload.ts';

const transfer = transferBody('x', SECOND_COP_PAYER, SECOND_COP_COLLECTOR, '15000.00');

function movementsOf(drafts: CommandDraft[]) {
  const planned = drafts.map((draft, index) => ({
    ...draft,
    number: index + 1,
    idempotencyKey: `${index}`,
    showcase: false,
  }));
  return Object.fromEntries(expectedMovements(planned));
}

describe('expectedMovements', () => {
  it('takes from the origin and gives to the destination', () => {
    expect(movementsOf([createAuthorizeAndCapture(transfer, 'a transfer')])).toEqual({
      [SECOND_COP_PAYER.accountNumber]: -1_500_000n,
      [SECOND_COP_COLLECTOR.accountNumber]: 1_500_000n,
    });
  });

  it('gives back what a refund refunds, and nothing more', () => {
    expect(movementsOf(createThenRefund(transfer, 'a transfer', '5000.00'))).toEqual({
      [SECOND_COP_PAYER.accountNumber]: -1_000_000n,
      [SECOND_COP_COLLECTOR.accountNumber]: 1_000_000n,
    });
  });

  it('moves only the account at Conomy when the other side is a rail', () => {
    const topup = sampleBody('TOPUP_ACCOUNT from PIX', 'x', '12.34');
    expect(movementsOf([createAndCapture(topup, 'a topup')])).toEqual({ [topup.accountNumber]: 1_234n });
    const payout = sampleBody('WITHDRAWAL_ACCOUNT to SPEI', 'x', '12.34');
    expect(movementsOf([createAndCapture(payout, 'a payout')])).toEqual({ [payout.accountNumber]: -1_234n });
  });

  it('expects nothing of an attempt or of a create that is refused', () => {
    const refused = createAndCapture(transfer, 'refused', { kind: 'refused', httpStatus: 400, code: 'x' });
    expect(movementsOf([attemptOnly(transfer), refused])).toEqual({});
  });
});
