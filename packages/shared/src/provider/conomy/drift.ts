import { isKnownStatus, readStatus } from '../../domain/payment-status.ts';
import { OLD_TYPE_NAMES, PAYMENT_TYPES, UNCREATABLE_TYPES } from '../../domain/payment-types.ts';
import { isKnownErrorCode } from './error-catalogue.ts';
import { isJsonObject } from './json.ts';
import { parseList } from './schema.ts';
import { isKnownEvent, readDelivery } from './webhook.ts';

/** Where Conomy says something that its documents do not, as far as Capstan reads them. */
export interface Drift {
  kind: DriftKind;
  /** What was read: `payment`, `account`, `document`, `delivery`, `error`. */
  place: string;
  /** The field, or the value, that is new or of another form. */
  name: string;
  /** JSON type of what was seen; never its value. */
  seen: string;
}

export const DRIFT_KINDS = {
  new_field: 'a field that no document names',
  missing_field:
    'a field that every document requires is missing; a renamed one shows as this and a new field',
  retyped: 'a field of another JSON type than documented',
  new_status: 'a payment status that no document names',
  new_type: 'a payment type that no document names',
  new_event: 'a webhook event that no document names',
  new_error_code: 'an error code that no document names',
} as const;
export type DriftKind = keyof typeof DRIFT_KINDS;

type JsonType = 'string' | 'number' | 'boolean' | 'array' | 'object';
type Contract = Readonly<Record<string, JsonType | 'any'>>;

const texts = (...names: string[]): Contract => Object.fromEntries(names.map((name) => [name, 'string']));

/** Every documented field of a payment, of all generations (dossier §4, §11, §13, §5.7). */
const PAYMENT: Contract = {
  ...texts(
    'id',
    '_id',
    'paymentId',
    'refundId',
    'externalId',
    'identityId',
    'identityExternalId',
    'accountNumber',
  ),
  ...texts(
    'totalAmount',
    'currency',
    'description',
    'product',
    'status',
    'type',
    'purchaseAmount',
    'purchaseCurrency',
  ),
  ...texts(
    'createdAt',
    'updatedAt',
    'expiresAt',
    'capturedAt',
    'authorizedAt',
    'refundedAt',
    'settledAt',
    'expiredAt',
  ),
  ...texts(
    'unsettledAt',
    'unsettledReason',
    'settlementBatchId',
    'documentationStatus',
    'reviewReason',
    'reviewDecision',
  ),
  ...texts(
    'reviewedAt',
    'parentPaymentId',
    'relatedPaymentId',
    'childPaymentId',
    'customerId',
    'reconciliationStatus',
  ),
  ...texts('checkoutSessionId', 'paymentLinkId', 'timestamp', 'reason'),
  fees: 'array',
  origins: 'array',
  destinations: 'array',
  exchanges: 'array',
  settlement: 'any',
  accountId: 'any',
};

/** Dossier §18. */
const ACCOUNT: Contract = {
  ...texts('id', '_id', 'identityId', 'externalId', 'type', 'balance', 'availableFunds', 'currency', 'name'),
  ...texts(
    'accountNumber',
    'accountHolder',
    'status',
    'parentId',
    'accruedYield',
    'monthlyYield',
    'createdAt',
    'updatedAt',
  ),
  custody: 'any',
  subAccounts: 'any',
  custodyBankAccount: 'any',
  identity: 'any',
};

/** Both answers to a document; in one of them id, type and status are the document's (dossier §13). */
const DOCUMENT: Contract = {
  ...texts('id', 'paymentId', 'type', 'status', 'documentationStatus'),
  document: 'object',
};

/** Both forms of webhooks (dossier §19). */
const DELIVERY: Contract = {
  ...texts('event', 'eventType', 'timestamp', 'signature'),
  data: 'object',
  transaction: 'object',
  identity: 'object',
  customer: 'object',
};

const OLDER_TYPES: ReadonlySet<string> = new Set([
  ...Object.keys(UNCREATABLE_TYPES),
  ...Object.keys(OLD_TYPE_NAMES),
]);

/** What a good answer holds beyond the documents, by the path it came from; nothing for paths without payments, accounts or documents. */
export function findAnswerDrift(path: string, json: unknown): Drift[] {
  const place = placeOf(path);
  if (place === null) return [];
  const list = parseList(json);
  const rows = list ? list.rows : [json];
  return rows.flatMap((row) =>
    place === 'payment' ? findPaymentDrift(row) : findObjectDrift(place, CONTRACTS[place], row),
  );
}

const CONTRACTS = { account: ACCOUNT, document: DOCUMENT };

function placeOf(path: string): 'payment' | keyof typeof CONTRACTS | null {
  if (/\/accounts(\/(?!unassigned)[^/]*)?$/.test(path)) return 'account';
  if (/\/payments\/(available-products|unassigned|banks\/[^/]+|[^/]+\/customer)$/.test(path)) return null;
  if (/\/payments\/[^/]+\/documents$/.test(path)) return 'document';
  if (/\/payments\/[^/]+\/(refund|refunds)$/.test(path)) return null;
  return /\/(payments|payment-attempts|refunds)(\/|$)/.test(path) ? 'payment' : null;
}

/** What a payment holds beyond the documents. */
export function findPaymentDrift(json: unknown): Drift[] {
  const found = findObjectDrift('payment', PAYMENT, json);
  if (!isJsonObject(json)) return found;
  const hasId = ['id', '_id', 'paymentId', 'refundId'].some((name) => name in json);
  return [
    ...found,
    ...(hasId ? [] : [missing('payment', 'id')]),
    ...('status' in json ? findStatusDrift('payment', json.status) : [missing('payment', 'status')]),
    ...findTypeDrift('payment', json.type),
  ];
}

/** What a verified webhook holds beyond the documents. */
export function findDeliveryDrift(payload: Record<string, unknown>): Drift[] {
  const { event, status, type } = readDelivery(payload);
  const data = isJsonObject(payload.data) ? payload.data : {};
  const transaction = data.transaction ?? payload.transaction;
  return [
    ...findObjectDrift('delivery', DELIVERY, payload),
    ...(isKnownEvent(event)
      ? []
      : [{ kind: 'new_event' as const, place: 'delivery', name: word(event), seen: 'string' }]),
    ...(transaction === undefined ? [] : findObjectDrift('delivery.transaction', PAYMENT, transaction)),
    ...(status === undefined ? [] : findStatusDrift('delivery', status)),
    ...findTypeDrift('delivery', type),
  ];
}

/** An error code that no document names. */
export function findErrorDrift(code: string | undefined): Drift[] {
  return code === undefined || isKnownErrorCode(code)
    ? []
    : [{ kind: 'new_error_code', place: 'error', name: word(code), seen: 'string' }];
}

function findObjectDrift(place: string, contract: Contract, json: unknown): Drift[] {
  if (!isJsonObject(json)) return [{ kind: 'retyped', place, name: '', seen: typeOf(json) }];
  return Object.entries(json).flatMap(([name, value]): Drift[] => {
    const seen = typeOf(value);
    if (!Object.hasOwn(contract, name)) return [{ kind: 'new_field', place, name: word(name), seen }];
    const expected = contract[name];
    // Inapplicable fields are null or missing in the documents.
    if (expected === 'any' || seen === 'null' || seen === expected) return [];
    return [{ kind: 'retyped', place, name, seen }];
  });
}

function findStatusDrift(place: string, status: unknown): Drift[] {
  if (typeof status !== 'string' || isKnownStatus(readStatus(status))) return [];
  return [{ kind: 'new_status', place, name: word(status), seen: 'string' }];
}

function findTypeDrift(place: string, type: unknown): Drift[] {
  if (typeof type !== 'string' || Object.hasOwn(PAYMENT_TYPES, type) || OLDER_TYPES.has(type)) return [];
  return [{ kind: 'new_type', place, name: word(type), seen: 'string' }];
}

function missing(place: string, name: string): Drift {
  return { kind: 'missing_field', place, name, seen: 'nothing' };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Names are kept and shown, so they must be names: what is no word of a contract may be a person's data. */
function word(name: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name) ? name : '(not a word)';
}
