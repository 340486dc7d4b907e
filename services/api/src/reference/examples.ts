/** Requests the reference shows. A test sends each of them to a real api. */
import { railSamples } from '@capstan/shared/domain/rail-samples';

export type Examples = Readonly<Record<string, { summary: string; value: unknown }>>;

const settled = { externalId: 'order-1001' };

/** The everyday one first, then one create per payment type and rail, then every other command. */
export const COMMAND_EXAMPLES: Examples = {
  ...createAndCapture(),
  ...Object.fromEntries(
    railSamples.map(({ name, body }) => [
      slug(name),
      { summary: name, value: { type: 'payment.create', payment: body } },
    ]),
  ),
  authorize: {
    summary: 'Authorize a payment',
    value: { type: 'payment.authorize', payment: settled },
  },
  capture: {
    summary: "Capture a payment, named by Conomy's id, if it has not expired by then",
    value: {
      type: 'payment.capture',
      payment: { id: '67f21d17d6d09fcbb4e84632' },
      notAfter: '2099-12-31T23:59:59Z',
    },
  },
  refund: {
    summary: 'Refund a part of a settled payment',
    value: {
      type: 'payment.refund',
      payment: settled,
      amount: '10000.00',
      currency: 'COP',
      reason: 'Returned goods',
    },
  },
  document: {
    summary: 'Hand in a document for a payment under review',
    value: {
      type: 'payment.submit-document',
      payment: settled,
      document: {
        type: 'source_of_funds',
        url: 'https://documents.example.com/order-1001/source-of-funds.pdf',
        contentType: 'application/pdf',
      },
    },
  },
  ...attempt(),
};

function createAndCapture(): Examples {
  const collect = { ...sampleOf('COLLECT'), externalId: settled.externalId };
  return {
    'create-and-capture': {
      summary: 'COLLECT, captured as soon as it is created',
      value: { type: 'payment.create', payment: collect, then: ['capture'] },
    },
  };
}

function attempt(): Examples {
  const payment = { ...sampleOf('TOPUP_ACCOUNT from PIX'), externalId: 'attempt-1001' };
  return {
    attempt: {
      summary: 'A payment attempt: an intent that moves nothing',
      value: { type: 'payment-attempt.create', payment },
    },
  };
}

export const BATCH_EXAMPLES: Examples = {
  two: {
    summary: 'A payment and its capture',
    value: {
      commands: [
        {
          idempotencyKey: 'order-2001-create',
          type: 'payment.create',
          payment: { ...sampleOf('P2P'), externalId: 'order-2001' },
        },
        {
          idempotencyKey: 'order-2001-capture',
          type: 'payment.capture',
          payment: { externalId: 'order-2001' },
        },
      ],
    },
  },
};

export const REASON_EXAMPLES: Examples = {
  reason: {
    summary: 'With a reason',
    value: { reason: 'Conomy confirmed that nothing was sent (ticket 4711)' },
  },
};

export const CONCLUDE_EXAMPLES: Examples = {
  made: {
    summary: 'The payment is this one',
    value: { outcome: 'made', paymentId: 'pay_01', reason: 'Conomy named it (ticket 4713)' },
  },
  not_made: {
    summary: 'Nothing was made',
    value: { outcome: 'not_made', notOurs: ['pay_02'], reason: 'Conomy found no call (ticket 4714)' },
  },
  give_up: {
    summary: 'No longer wanted',
    value: { outcome: 'give_up', reason: 'ordered again elsewhere' },
  },
};

export const RESOLVE_EXAMPLES: Examples = {
  repair: {
    summary: 'Take what Conomy says',
    value: { action: 'repair', reason: 'Conomy confirmed the new status (ticket 4712)' },
  },
  accept: {
    summary: 'Leave it',
    value: { action: 'accept', reason: 'made by hand in the dashboard' },
  },
};

export const PAUSE_EXAMPLES: Examples = {
  all: {
    summary: 'Every write',
    value: { scope: { kind: 'all' }, reason: 'Conomy maintenance until 03:00' },
  },
  operation: {
    summary: 'Refunds',
    value: { scope: { kind: 'operation', value: 'refund' }, reason: 'refunds are being checked' },
  },
};

export const WEBHOOK_EXAMPLES: Examples = {
  body: {
    summary: 'Signed in the body',
    value: {
      event: 'Transaction.Captured',
      data: {
        transaction: {
          id: '67f21d17d6d09fcbb4e84632',
          externalId: 'order-1001',
          purchaseAmount: '30000.00',
          totalAmount: '30000.00',
          currency: 'COP',
          status: 'CAPTURED',
        },
      },
      signature: 'the HMAC-SHA256 of the body without this member, in hexadecimal',
    },
  },
};

function sampleOf(name: string) {
  const sample = railSamples.find((candidate) => candidate.name === name);
  if (!sample) throw new RangeError(`there is no sample "${name}"`);
  return sample.body;
}

function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
