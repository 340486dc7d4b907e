import type { CreatePaymentBody } from '@capstan/shared/domain/create-payment-body';
import type { Currency } from '@capstan/shared/domain/money';
import type { PaymentCommand } from '@capstan/shared/domain/payment-command';
import type { PaymentType } from '@capstan/shared/domain/payment-types';
import { drawUnit } from './fill-units.ts';
import { createRandom } from './random.ts';
import { SHOWCASE } from './showcase.ts';

/** How a command must end; known before it is sent. */
export type ExpectedEnd =
  /** The command succeeds and its payment becomes SETTLED. */
  | { kind: 'settled' }
  /** The command succeeds and the refund it makes, a payment of its own, becomes SETTLED. */
  | { kind: 'refunded' }
  /** The command succeeds and leaves an ATTEMPT, which moves nothing. */
  | { kind: 'attempted' }
  /** The API does not accept it. */
  | { kind: 'refused'; httpStatus: number; code: string }
  /** Conomy refuses it with this code of its own. */
  | { kind: 'rejected'; providerCode: string };

/** A command before it has its number. */
export interface CommandDraft {
  /** Of the payment; a refund is one of its own. */
  type: PaymentType | 'REFUND';
  /** In a few words; the same for all commands of a kind. */
  what: string;
  /** As sent, in major units. */
  amount: string;
  currency: Currency;
  externalId: string;
  command: PaymentCommand;
  expected: ExpectedEnd;
  /** Only of a refund: the payment it gives back in part, with one account on each side. */
  refunds?: CreatePaymentBody;
}

export interface PlannedCommand extends CommandDraft {
  /** From 1, in the order of the result table. */
  number: number;
  idempotencyKey: string;
  /** One of the fixed commands that show a behaviour each, not of the drawn ones. */
  showcase: boolean;
}

/** Commands that belong to one payment, in order; made for its externalId. */
export type CommandUnit = (externalId: string) => CommandDraft[];

/**
 * Exactly `count` commands: first the showcase, as far as it fits, then a mix drawn from the seed.
 * `run` keeps the externalIds of two runs apart; with the same run the workload depends on the seed alone.
 */
export function buildWorkload(options: { count: number; seed: number; run: string }): PlannedCommand[] {
  const random = createRandom(options.seed);
  const planned: PlannedCommand[] = [];
  const add = (unit: CommandUnit, showcase: boolean) => {
    const drafts = unit(`demo-${options.run}-${planned.length + 1}`);
    if (planned.length + drafts.length > options.count) return;
    for (const draft of drafts) planned.push(number(draft, planned.length + 1, options.run, showcase));
  };
  for (const unit of SHOWCASE) add(unit, true);
  while (planned.length < options.count) add(drawUnit(random, options.count - planned.length), false);
  return planned;
}

function number(draft: CommandDraft, position: number, run: string, showcase: boolean): PlannedCommand {
  return { ...draft, number: position, idempotencyKey: `demo-${run}-command-${position}`, showcase };
}

/** The create body of a command that creates a payment which must come to be settled, else null. */
export function settlingBody({ command, expected }: PlannedCommand): CreatePaymentBody | null {
  return command.type === 'payment.create' && expected.kind === 'settled' ? command.payment : null;
}

/** Whether the payment is to be authorized before its capture. */
export function isAuthorizeAsked({ command }: PlannedCommand): boolean {
  return command.type === 'payment.create' && command.then?.[0] === 'authorize';
}

/** Whether the command is sent only once its payment is SETTLED: earlier it would rightly be rejected. */
export function isSentAfterSettlement({ command }: PlannedCommand): boolean {
  return command.type === 'payment.refund';
}
