import { z } from 'zod';
import type { Currency } from './money.ts';

/**
 * The rails a payment node may use, as one table: node `type`, the key of its rail object, where it may stand,
 * its currencies (`null` = any) and the fields sent inside the key.
 * Source: dossier §9, which restates Conomy's per-rail node pages.
 */
export interface Rail {
  key: string;
  directions: readonly ('in' | 'out')[];
  currencies: readonly Currency[] | null;
  /** Shape of the rail object as it is sent. */
  fields: z.ZodObject;
  /** Sibling fields that must stand beside the rail object. */
  siblings: z.ZodRawShape;
}

const text = (max: number) =>
  z.string().min(1, 'must not be empty').max(max, `must have at most ${max} characters`);

/** The payer or beneficiary as most rails want it; which fields are needed is the rail's own rule. */
const customer = z.strictObject({
  firstName: text(200).optional(),
  lastName: text(200).optional(),
  email: z.email('must be an e-mail address').max(320).optional(),
  phoneNumber: text(40).optional(),
  phoneNumberPrefix: text(8).optional(),
  documentType: text(40).optional(),
  documentNumber: text(80).optional(),
  country: text(3).optional(),
  address: z.json().optional(),
});

const pageUrl = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).max(2_000);

const identity = z.strictObject({ identityId: text(100) });

export const RAILS = {
  ACCOUNT: {
    key: 'account',
    directions: ['in', 'out'],
    currencies: null,
    fields: z.strictObject({ accountNumber: text(100) }),
    siblings: { identity },
  },
  ETPAY: {
    key: 'etpay',
    directions: ['in'],
    currencies: ['CLP'],
    fields: z.strictObject({
      successUrl: pageUrl,
      failedUrl: pageUrl,
      customer: customer.required({ firstName: true, email: true }),
    }),
    siblings: { identity: identity.optional() },
  },
} as const satisfies Record<string, Rail>;

export type RailType = keyof typeof RAILS;

export const RAIL_TYPES = Object.keys(RAILS) as [RailType, ...RailType[]];

/** Fields that a node of any rail may carry (dossier §9, "Node base"). */
const nodeBase = {
  currency: text(10),
  amount: z.string().optional(),
  name: text(100).optional(),
  externalId: text(200).optional(),
  metadata: z
    .strictObject({ image: text(2_000), description: text(500), category: text(100) })
    .partial()
    .optional(),
};

function nodeSchema<T extends RailType>(type: T) {
  const rail: Rail = RAILS[type];
  return z.strictObject({ type: z.literal(type), ...nodeBase, ...rail.siblings, [rail.key]: rail.fields });
}

/** A node as it is sent: the base fields and exactly the rail object that belongs to its type. */
export const paymentNode = z.discriminatedUnion(
  'type',
  RAIL_TYPES.map((type) => nodeSchema(type)) as unknown as [ReturnType<typeof nodeSchema<RailType>>],
  { error: `must be one of ${RAIL_TYPES.join(', ')}` },
);

export interface PaymentNode {
  type: RailType;
  currency: string;
  amount?: string;
  identity?: { identityId: string };
  account?: { accountNumber: string };
}
