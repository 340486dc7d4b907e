/**
 * The port to the payment provider: what Capstan asks and the closed list of ways a call can go wrong.
 * `provider/conomy` implements it; `capturer` and `reconciler` decide from it and from nothing else.
 */

import type { PaymentDocument } from '../domain/payment-command.ts';

/** A payment as the provider told it. Only `id` and `status` are sure; the rest is what this answer held. */
export interface ObservedPayment {
  id: string;
  /** As sent, with `PENDING` read as `CREATED`; unknown statuses pass through. */
  status: string;
  externalId?: string;
  type?: string;
  accountNumber?: string;
  identityId?: string;
  totalAmount?: string;
  currency?: string;
  purchaseAmount?: string;
  purchaseCurrency?: string;
  /** ISO 8601 instant, when the answer held one. */
  createdAt?: string;
  parentPaymentId?: string;
  /** The whole answer as parsed JSON, for the mirror. */
  raw: Record<string, unknown>;
}

/** How far Conomy says the documents of a payment are (dossier §13); null when it does not say. */
export function documentationStatusOf({ raw }: Pick<ObservedPayment, 'raw'>): string | null {
  return typeof raw.documentationStatus === 'string' ? raw.documentationStatus : null;
}

/** How far a call got before it failed. Stage decides what may be done next (design: "Stage decides"). */
export type FailureStage =
  /** No byte of the request can have left: refused, DNS, TLS, no connection in time, no token. */
  | 'not_sent'
  /** The request may have left and no clear answer came: timeout, reset, cut or non-JSON answer, 5xx except 501. */
  | 'no_clear_answer'
  /** The provider answered clearly. */
  | 'answered';

/** A call that did not succeed, with everything the decision and the operator need and nothing secret. */
export interface ProviderFailure {
  stage: FailureStage;
  /** Short and stable: `connect_refused`, `timeout`, `reset`, `not_json`, `http_500`, `http_422`, … */
  reason: string;
  httpStatus?: number;
  /** The provider's own error code (`"21"`), type (`failedPrecondition`), detail and trace id, where given. */
  code?: string;
  type?: string;
  detail?: string;
  traceId?: string;
  /** From `Retry-After` or a rate-limit header, in milliseconds. */
  retryAfterMs?: number;
}

/** The reason of a failed write that told what it made under an id of which nothing can be asked. */
export const ID_UNUSABLE = 'id_unusable';

/**
 * Whether the provider told something about what was asked, be it nothing that can be read; at its door it only tells to come
 * back.
 */
export function isAnswered({ httpStatus = 500 }: ProviderFailure): boolean {
  return httpStatus < 500 && httpStatus !== 401 && httpStatus !== 429;
}

export type ProviderResult<T> = { ok: true; value: T } | { ok: false; failure: ProviderFailure };

export interface PaymentFilter {
  accountNumber?: string;
  identityId?: string;
  type?: string;
  status?: string;
  currency?: string;
  /** Creation days, inclusive, in UTC. */
  fromDay?: Date;
  toDay?: Date;
  sort?: 'createdAt:asc' | 'createdAt:desc';
  checkoutSessionId?: string;
}

export interface PaymentPage {
  payments: ObservedPayment[];
  /** Rows without a usable id or status; counted, never dropped silently. */
  unreadableRows: number;
  /** Offset of the following page, null when this one is the last. */
  nextOffset: number | null;
  total?: number;
  /** The answer had a `pagination` or a total. Default: it had when a total was told. */
  isPaginated?: boolean;
  /** How many rows the answer's own `summary` counts, where it has one. */
  summaryRows?: number;
  /** The `Date` of the answer, where it had one. */
  answeredAt?: Date;
  /** The answer had an `Age`: a cache may have kept it, and its `Date` is no instant of reading. Default: it had none. */
  isAged?: boolean;
}

/** What a list of payment attempts can be narrowed by. */
export type AttemptFilter = Pick<
  PaymentFilter,
  'accountNumber' | 'identityId' | 'type' | 'fromDay' | 'toDay'
>;

/** The refunds of one payment, whoever made them. */
export interface RefundList {
  refunds: ObservedPayment[];
  /** Rows without a usable id, status or parent. While there is one, nothing may be concluded from absence. */
  unreadableRows: number;
  /** Why rows are missing all the same; then nothing may be concluded from absence either. */
  gap?: string;
  /** When the provider wrote the end of the list, by its own clock. Missing: it did not say, or a cache may have kept it. */
  listedAt?: Date;
}

/** Whether something may be concluded from what is not in the list. */
export function isWholeList({ unreadableRows, gap }: RefundList): boolean {
  return unreadableRows === 0 && gap === undefined;
}

/** What the provider offers on one rail, and the rules it states for it. */
export interface AvailableProduct {
  currency: string;
  /** `purchaseCurrency:currency`, e.g. `USD:COP`. */
  product: string;
  direction: 'payin' | 'payout';
  /** Node type, e.g. `ETPAY`. */
  rail: string;
  /** Paths below the rail's node, e.g. `etpay.successUrl`. */
  requiredFields: string[];
  /** Node types the other side may have; missing means that the provider states none. */
  validOrigins?: string[];
  validDestinations?: string[];
  /** Decimal text in major units of `currency`. */
  minAmount?: string;
  maxAmount?: string;
}

export interface Bank {
  code: string;
  name: string;
  countryCode?: string;
}

export interface ObservedAccount {
  accountNumber: string;
  availableFunds?: string;
  currency?: string;
  status?: string;
  raw: Record<string, unknown>;
}

/** What every call takes: an abort signal of the caller's own, beside the client's deadline. */
export interface CallOptions {
  signal?: AbortSignal;
  /** No byte leaves later than this many milliseconds from now: then it is `not_sent`, `deadline_passed`. */
  startMsMax?: number;
}

export interface PaymentProvider {
  /** `body` is the caller's create body exactly as accepted, as JSON text. */
  createPayment(body: string, options?: CallOptions): Promise<ProviderResult<ObservedPayment>>;
  authorizePayment(id: string, options?: CallOptions): Promise<ProviderResult<ObservedPayment>>;
  capturePayment(id: string, options?: CallOptions): Promise<ProviderResult<ObservedPayment>>;
  readPayment(id: string, options?: CallOptions): Promise<ProviderResult<ObservedPayment>>;
  listPayments(
    filter: PaymentFilter,
    page: { limit: number; offset: number },
    options?: CallOptions,
  ): Promise<ProviderResult<PaymentPage>>;
  /** The refunds of one payment, through all pages. */
  listRefundsOf(parentId: string, options?: CallOptions): Promise<ProviderResult<RefundList>>;
  /** `amount` is decimal text in the payment's currency. The answer is the child: its `id`, with `parentPaymentId`. */
  refundPayment(
    id: string,
    refund: { amount: string; reason?: string },
    options?: CallOptions,
  ): Promise<ProviderResult<ObservedPayment>>;
  /** Hands in a document for the review of a payment. The answer may be about the document alone and tells of no state. */
  submitDocument(id: string, document: PaymentDocument, options?: CallOptions): Promise<ProviderResult<null>>;
  /** `body` is the caller's body exactly as accepted, as JSON text. Moves nothing. */
  createAttempt(body: string, options?: CallOptions): Promise<ProviderResult<ObservedPayment>>;
  readAttempt(id: string, options?: CallOptions): Promise<ProviderResult<ObservedPayment>>;
  /** `next` is the `nextOffset` of the page before, 0 for the first. */
  listAttempts(
    filter: AttemptFilter,
    page: { limit: number; next: number },
    options?: CallOptions,
  ): Promise<ProviderResult<PaymentPage>>;
  /** What this identity can be paid with and paid out by; all currencies when none are named. */
  readAvailableProducts(
    query: { identityId: string; currencies?: string[] },
    options?: CallOptions,
  ): Promise<ProviderResult<AvailableProduct[]>>;
  /** `country` is ISO 3166-1 alpha-3, e.g. `COL`. */
  readBanks(country: string, options?: CallOptions): Promise<ProviderResult<Bank[]>>;
  readAccount(accountNumber: string, options?: CallOptions): Promise<ProviderResult<ObservedAccount | null>>;
  /** Sandbox only: plays the provider's confirmation, `CAPTURED → RECEIVED`. */
  simulateReceived(id: string, options?: CallOptions): Promise<ProviderResult<void>>;
}
