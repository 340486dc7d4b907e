import type {
  BusyPayment,
  KnownCommand,
  NamedPayment,
  NewCommand,
  NewPayment,
} from '@capstan/shared/db/accept';
import type { RefundRequest } from '@capstan/shared/db/commands';
import { fingerprint } from '@capstan/shared/domain/fingerprint';
import { toUtcInstant } from '@capstan/shared/domain/instant';
import { isDocument, type PaymentCommand, planSteps } from '@capstan/shared/domain/payment-command';
import type { Refusal } from './problem.ts';

/** One command as a caller handed it in, parsed. */
export interface AcceptanceItem {
  idempotencyKey: string;
  command: PaymentCommand;
  /** The create body as the caller wrote it, as JSON text; null for the other types. */
  createBody: string | null;
  /** Name of the API key or door it came through. */
  acceptedBy: string;
  /** What was found against it before; it stops a new command, not the repeat of one accepted earlier. */
  ruledOut?: Refusal;
}

/** What the database holds about the items, read under the locks that keep it true. */
export interface Known {
  now: Date;
  commands: readonly KnownCommand[];
  payments: readonly NamedPayment[];
  busyPayments: readonly BusyPayment[];
}

export type Decision =
  | { kind: 'new'; command: NewCommand; payment: NamedPayment }
  /** The command was accepted before, maybe by an earlier item of this very list. */
  | { kind: 'replayed'; commandId: string }
  | { kind: 'refused'; refusal: Refusal };

export interface Acceptance {
  decisions: Decision[];
  newPayments: NewPayment[];
}

/**
 * Decides a list as if its items came one after the other: a later item sees what an earlier one of the list will
 * have written. Pure but for the ids it draws.
 */
export function decideAcceptance(
  items: readonly AcceptanceItem[],
  known: Known,
  newId: () => string,
): Acceptance {
  const ledger = new Ledger(known, newId);
  return { decisions: items.map((item) => ledger.decide(item)), newPayments: ledger.newPayments };
}

type Target = { payment: NamedPayment } | { refusal: Refusal };

/** What is known, growing with every item that is decided. */
class Ledger {
  readonly newPayments: NewPayment[] = [];

  readonly #now: number;
  readonly #newId: () => string;
  readonly #commands: Map<string, { id: string; fingerprint: Buffer }>;
  readonly #byExternalId = new Map<string, NamedPayment>();
  readonly #byConomyId = new Map<string, NamedPayment>();
  /** Keys of payments with an open command: of a step, or of a document. */
  readonly #busy = { steps: new Set<string>(), documents: new Set<string>() };

  constructor(known: Known, newId: () => string) {
    this.#now = known.now.getTime();
    this.#newId = newId;
    this.#commands = new Map(known.commands.map((command) => [command.idempotencyKey, command]));
    for (const busy of known.busyPayments) this.#busyIn(busy.isDocument).add(busy.key);
    for (const payment of known.payments) this.#remember(payment);
  }

  decide(item: AcceptanceItem): Decision {
    const commandFingerprint = fingerprint(item.command);
    const before = this.#commands.get(item.idempotencyKey);
    if (before) return replayOrReuse(before, commandFingerprint, item.idempotencyKey);
    const passed = findPassedInstant(item.command, this.#now);
    if (passed !== null) return { kind: 'refused', refusal: alreadyPassed(passed) };
    if (item.ruledOut) return { kind: 'refused', refusal: item.ruledOut };
    const target = this.#findTarget(item);
    if ('refusal' in target) return { kind: 'refused', refusal: target.refusal };
    return {
      kind: 'new',
      payment: target.payment,
      command: this.#accept(item, commandFingerprint, target.payment),
    };
  }

  #accept(item: AcceptanceItem, commandFingerprint: Buffer, payment: NamedPayment): NewCommand {
    const { type } = item.command;
    const paymentKey = payment.key;
    const command: NewCommand = {
      id: this.#newId(),
      idempotencyKey: item.idempotencyKey,
      fingerprint: commandFingerprint,
      type,
      paymentKey,
      createBody: item.createBody,
      refund: refundOf(item.command),
      document: item.command.type === 'payment.submit-document' ? item.command.document : null,
      steps: planSteps(item.command),
      notAfter: item.command.notAfter === undefined ? null : toUtcInstant(item.command.notAfter),
      status: this.#mustWait(payment, isDocument(type)) ? 'blocked' : 'accepted',
      acceptedBy: item.acceptedBy,
    };
    this.#busyIn(isDocument(type)).add(paymentKey);
    this.#commands.set(item.idempotencyKey, command);
    return command;
  }

  /** Behind an earlier command of its own order; a document also until the payment has its Conomy id. */
  #mustWait({ key, conomyId }: NamedPayment, asDocument: boolean): boolean {
    if (this.#busyIn(asDocument).has(key)) return true;
    return asDocument && conomyId === null && this.#busy.steps.has(key);
  }

  #busyIn(asDocument: boolean): Set<string> {
    return asDocument ? this.#busy.documents : this.#busy.steps;
  }

  #findTarget({ command, createBody }: AcceptanceItem): Target {
    if (command.type === 'payment.create')
      return this.#placeCreate(command.payment.externalId, 'payment', createBody ?? '{}');
    if (command.type === 'payment-attempt.create')
      return this.#placeCreate(command.payment.externalId, 'attempt', createBody ?? '{}');
    const { payment } = command;
    if ('id' in payment)
      return {
        payment: this.#byConomyId.get(payment.id) ?? this.#addPayment(payment.id, null, 'payment', '{}'),
      };
    const found = this.#byExternalId.get(payment.externalId);
    return found ? { payment: found } : { refusal: paymentNotFound(payment.externalId) };
  }

  #placeCreate(externalId: string, kind: NewPayment['kind'], createBody: string): Target {
    if (this.#byExternalId.has(externalId)) return { refusal: externalIdTaken(externalId) };
    return { payment: this.#addPayment(null, externalId, kind, createBody) };
  }

  #addPayment(
    conomyId: string | null,
    externalId: string | null,
    kind: NewPayment['kind'],
    snapshot: string,
  ): NamedPayment {
    const key = this.#newId();
    this.newPayments.push({ key, conomyId, externalId, kind, snapshot });
    const payment = { key, conomyId, externalId, snapshot: JSON.parse(snapshot), status: null, final: false };
    this.#remember(payment);
    return payment;
  }

  #remember(payment: NamedPayment): void {
    if (payment.externalId !== null) this.#byExternalId.set(payment.externalId, payment);
    if (payment.conomyId !== null) this.#byConomyId.set(payment.conomyId, payment);
  }
}

function refundOf(command: PaymentCommand): RefundRequest | null {
  if (command.type !== 'payment.refund') return null;
  const { amount, currency, reason } = command;
  return { amount, currency, ...(reason === undefined ? {} : { reason }) };
}

function replayOrReuse(before: { id: string; fingerprint: Buffer }, now: Buffer, key: string): Decision {
  if (before.fingerprint.equals(now)) return { kind: 'replayed', commandId: before.id };
  const detail = `The Idempotency-Key "${key}" was used for another command (${before.id}). Use a new key for a new command.`;
  return { kind: 'refused', refusal: { code: 'idempotency_key_reused', detail } };
}

interface PassedInstant {
  path: string;
  instant: string;
}

/** An instant of the command that lies in the past: it would be canceled, or its payment expire, before it began. */
function findPassedInstant(command: PaymentCommand, now: number): PassedInstant | null {
  const instants = [{ path: '/notAfter', instant: command.notAfter }];
  if ('expiresAt' in command.payment) {
    instants.push({ path: '/payment/expiresAt', instant: command.payment.expiresAt });
  }
  const isPassed = (named: { path: string; instant?: string }): named is PassedInstant =>
    named.instant !== undefined && Date.parse(named.instant) <= now;
  return instants.find(isPassed) ?? null;
}

function alreadyPassed({ path, instant }: PassedInstant): Refusal {
  const message = 'has already passed';
  return {
    code: 'validation_failed',
    detail: `${path} ${instant} ${message}.`,
    errors: [{ path, message }],
  };
}

function externalIdTaken(externalId: string): Refusal {
  return {
    code: 'external_id_taken',
    detail: `The externalId "${externalId}" belongs to a payment that exists or is being created under another Idempotency-Key. Use another one.`,
  };
}

function paymentNotFound(externalId: string): Refusal {
  return {
    code: 'payment_not_found',
    detail: `No payment and no create command has the externalId "${externalId}". Create it first, or name the payment by its Conomy id.`,
  };
}
