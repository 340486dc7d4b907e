import {
  COP_PAYER,
  type SandboxAccount,
  SECOND_COP_COLLECTOR,
  SECOND_COP_PAYER,
} from '@capstan/conomy-sandbox/default-accounts';
import { formatAmount, type Money } from '@capstan/shared/domain/money';
import {
  attemptOnly,
  createAndCapture,
  createAuthorizeAndCapture,
  createThenCaptureApart,
  createThenRefund,
} from './command-kinds.ts';
import { collectBody, purchaseBody, sampleBody, transferBody } from './payment-bodies.ts';
import type { Random } from './random.ts';
import type { CommandUnit } from './workload.ts';

/** 500,000.00 COP: even the largest workload takes less than an account starts with. */
const COP_MINOR_MAX = 50_000_000;
const COP_MINOR_MIN = 100_000;
const CLP_MIN = 1_000;
const CLP_MAX = 500_000;
/** 10.00 to 5,000.00 in the currencies of the other rails. */
const RAIL_MINOR_MIN = 1_000;
const RAIL_MINOR_MAX = 500_000;

const COP_ACCOUNTS = [COP_PAYER, SECOND_COP_PAYER, SECOND_COP_COLLECTOR];

type DrawUnit = (random: Random) => CommandUnit;

const drawPurchase: DrawUnit = (random) => {
  const amount = String(random.whole(CLP_MIN, CLP_MAX));
  return (externalId) => [createAndCapture(purchaseBody(externalId, amount), 'customer pays through ETPAY')];
};

const drawCollect: DrawUnit = (random) => {
  const shares = [COP_PAYER, SECOND_COP_PAYER].map((account) => ({ account, amount: drawCop(random) }));
  return (externalId) => [
    createAndCapture(collectBody(externalId, SECOND_COP_COLLECTOR, shares), 'two accounts pay into one'),
  ];
};

const drawTransfer: DrawUnit = (random) => {
  const body = drawTransferBody(random);
  return (externalId) => [createAndCapture(body(externalId), 'one account pays another')];
};

const drawAuthorized: DrawUnit = (random) => {
  const body = drawTransferBody(random);
  return (externalId) => [createAuthorizeAndCapture(body(externalId), 'authorized, then captured')];
};

/** Samples whose currencies have two decimals, on accounts that nothing else of the demo uses. */
const OVER_RAILS = [
  { sample: 'TOPUP_ACCOUNT from PIX', currency: 'BRL', what: 'paid in by PIX' },
  { sample: 'WITHDRAWAL_ACCOUNT to SPEI', currency: 'MXN', what: 'paid out by SPEI' },
  { sample: 'REMITTANCE to SEPA', currency: 'USD', what: 'USD arrive as EUR by SEPA' },
] as const;

const drawOverRail: DrawUnit = (random) => {
  const { sample, currency, what } = random.pick(OVER_RAILS);
  const amount = formatAmount({ minor: BigInt(random.whole(RAIL_MINOR_MIN, RAIL_MINOR_MAX)), currency });
  return (externalId) => [createAndCapture(sampleBody(sample, externalId, amount), what)];
};

const drawAttempt: DrawUnit = (random) => {
  const amount = String(random.whole(CLP_MIN, CLP_MAX));
  return (externalId) => [attemptOnly(purchaseBody(externalId, amount))];
};

const drawCapturedApart: DrawUnit = (random) => {
  const body = drawTransferBody(random);
  return (externalId) => createThenCaptureApart(body(externalId));
};

const drawRefunded: DrawUnit = (random) => {
  const body = drawTransferBody(random);
  const given = formatAmount({ minor: BigInt(random.whole(1, COP_MINOR_MIN)), currency: 'COP' });
  return (externalId) => createThenRefund(body(externalId), 'one account pays another', given);
};

/** Each makes one command; named twice = drawn twice as often. */
const SINGLE: readonly DrawUnit[] = [
  drawPurchase,
  drawPurchase,
  drawCollect,
  drawCollect,
  drawTransfer,
  drawTransfer,
  drawAuthorized,
  drawOverRail,
  drawAttempt,
];

const ALL: readonly DrawUnit[] = [...SINGLE, drawCapturedApart, drawRefunded];

/** Valid commands that will settle, at most `room` of them. */
export function drawUnit(random: Random, room: number): CommandUnit {
  return random.pick(room > 1 ? ALL : SINGLE)(random);
}

function drawTransferBody(random: Random) {
  const origin = random.pick(COP_ACCOUNTS);
  const destination = random.pick(COP_ACCOUNTS.filter((account: SandboxAccount) => account !== origin));
  const amount = formatAmount(drawCop(random));
  return (externalId: string) => transferBody(externalId, origin, destination, amount);
}

function drawCop(random: Random): Money {
  return { minor: BigInt(random.whole(COP_MINOR_MIN, COP_MINOR_MAX)), currency: 'COP' };
}
