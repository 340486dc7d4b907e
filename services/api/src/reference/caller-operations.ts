import { z } from 'zod';
import { waitQuery } from '../read-query.ts';
import { commandListQuery } from '../routes/get-command.ts';
import { eventsQuery } from '../routes/get-events.ts';
import { paymentListQuery, timelineQuery } from '../routes/get-payments.ts';
import { productsQuery } from '../routes/get-products.ts';
import { BATCH_EXAMPLES, COMMAND_EXAMPLES, REASON_EXAMPLES, WEBHOOK_EXAMPLES } from './examples.ts';
import { CONTENT_PROBLEMS, commandId, type ReferenceOperation } from './operation.ts';

const paymentReference = { reference: "Our key of the payment or Conomy's id." };

/** The routes of those who send commands, and of Conomy's webhooks. */
export const CALLER_OPERATIONS: readonly ReferenceOperation[] = [
  {
    method: 'POST',
    path: '/v1/commands',
    id: 'acceptCommand',
    tag: 'Commands',
    summary: 'Hand in a command',
    description:
      'The 202 leaves after the command is committed: from then on it is carried out, exactly once in effect, whatever fails. Repeat the call with the same `Idempotency-Key` as often as you like; a repeat is answered with the command in its current state and `Idempotency-Replayed: true`. A refused request does not use up its key.',
    scope: 'enqueue',
    headers: {
      'Idempotency-Key': {
        description:
          'Chosen by you before the first try, the same at every repeat: 1 to 255 printable ASCII characters without white space, `"` and `\\`. In double quotes, or bare and then without a comma: `k` and `"k"` are one key.',
        required: true,
        schema: z.string(),
      },
    },
    body: { schema: 'PaymentCommand', required: true, examples: COMMAND_EXAMPLES },
    answer: {
      status: 202,
      description: 'Accepted and committed.',
      schema: 'CommandAnswer',
      headers: {
        Location: 'Where the command can be read.',
        'Idempotency-Replayed': '`true` when the command was accepted before.',
      },
    },
    problems: [
      ...CONTENT_PROBLEMS,
      'idempotency_key_missing',
      'idempotency_key_malformed',
      'payment_not_found',
      'external_id_taken',
      'idempotency_key_reused',
    ],
  },
  {
    method: 'POST',
    path: '/v1/commands/batch',
    id: 'acceptCommands',
    tag: 'Commands',
    summary: 'Hand in up to 1,000 commands',
    description:
      'Each command carries its own `idempotencyKey` and gets its own result, in order, as if they had come one after the other. What is accepted is committed when the answer leaves.',
    scope: 'enqueue',
    body: { schema: 'CommandBatch', required: true, examples: BATCH_EXAMPLES },
    answer: { status: 200, description: 'One result per command, in order.', schema: 'BatchAnswer' },
    problems: CONTENT_PROBLEMS,
  },
  {
    method: 'GET',
    path: '/v1/commands',
    id: 'listCommands',
    tag: 'Commands',
    summary: 'List commands',
    description: 'Newest first. Commands accepted while you page neither shift nor repeat a row.',
    scope: 'read',
    query: commandListQuery,
    answer: { status: 200, description: 'One page.', schema: 'CommandList' },
    problems: ['validation_failed', 'unavailable'],
  },
  {
    method: 'GET',
    path: '/v1/commands/{id}',
    id: 'readCommand',
    tag: 'Commands',
    summary: 'Read a command, or wait for its end',
    description:
      'With `wait` the answer comes when the command has ended or is parked, at the latest after that many seconds.',
    scope: 'read',
    pathParameters: commandId,
    query: waitQuery,
    answer: { status: 200, description: 'The command with its steps and attempts.', schema: 'CommandAnswer' },
    problems: ['validation_failed', 'command_not_found', 'unavailable'],
  },
  {
    method: 'POST',
    path: '/v1/commands/{id}/cancel',
    id: 'cancelCommand',
    tag: 'Commands',
    summary: 'Cancel a command',
    description:
      'Possible while no byte of the current step has left, and of a parked command while its calls certainly had no effect. Steps that are done stay done, later ones are dropped. A create that is canceled before anything was sent gives its `externalId` back.',
    scope: 'enqueue',
    pathParameters: commandId,
    body: { schema: 'CancelRequest', required: false, examples: REASON_EXAMPLES },
    answer: { status: 200, description: 'The canceled command.', schema: 'CommandAnswer' },
    problems: [...CONTENT_PROBLEMS, 'command_not_found', 'not_cancelable'],
  },
  {
    method: 'GET',
    path: '/v1/payments',
    id: 'listPayments',
    tag: 'Payments',
    summary: 'List payments',
    description:
      'Newest first by time of acceptance. A payment whose create came to nothing is in no list. Payments accepted while you page neither shift nor repeat a row.',
    scope: 'read',
    query: paymentListQuery,
    answer: { status: 200, description: 'One page.', schema: 'PaymentList' },
    problems: ['validation_failed', 'unavailable'],
  },
  {
    method: 'GET',
    path: '/v1/payments/{reference}',
    id: 'readPayment',
    tag: 'Payments',
    summary: 'Read a payment, or wait until it is final',
    description:
      'With `wait` the answer comes when the payment is final, at the latest after that many seconds.',
    scope: 'read',
    pathParameters: paymentReference,
    query: waitQuery,
    answer: { status: 200, description: 'The mirror.', schema: 'PaymentAnswer' },
    problems: ['validation_failed', 'payment_not_found', 'unavailable'],
  },
  {
    method: 'GET',
    path: '/v1/payments/{reference}/timeline',
    id: 'readTimeline',
    tag: 'Payments',
    summary: 'Everything that happened to a payment',
    description:
      'Commands, attempts, deliveries, moves of the mirror and redrives in one list, oldest first.',
    scope: 'read',
    pathParameters: paymentReference,
    query: timelineQuery,
    answer: { status: 200, description: 'One page; most payments have one.', schema: 'Timeline' },
    problems: ['validation_failed', 'payment_not_found', 'unavailable'],
  },
  {
    method: 'POST',
    path: '/v1/payments/{reference}/refresh',
    id: 'refreshPayment',
    tag: 'Payments',
    summary: 'Read a payment at Conomy now',
    description:
      'One read; the mirror follows it as it follows every other. Payments that are not final are read by themselves. Deliveries and pushes of the payment that were set aside are tried once more.',
    scope: 'enqueue',
    pathParameters: paymentReference,
    answer: { status: 200, description: 'The mirror after the read.', schema: 'PaymentAnswer' },
    problems: ['validation_failed', 'payment_not_found', 'payment_not_created', 'unavailable'],
  },
  {
    method: 'GET',
    path: '/v1/events',
    id: 'listEvents',
    tag: 'Events',
    summary: 'What happened, in order',
    description:
      'Every move of a mirror and every end of a command, from a position on. Keep `next` with what you did, and go on from it: nothing is skipped, whenever it was committed. With `wait` the answer comes when there is something, at the latest after that many seconds.',
    scope: 'read',
    query: eventsQuery,
    answer: { status: 200, description: 'Oldest first.', schema: 'EventList' },
    problems: ['validation_failed', 'position_unknown', 'unavailable'],
  },
  {
    method: 'GET',
    path: '/v1/products',
    id: 'listProducts',
    tag: 'Discovery',
    summary: 'What an identity can be paid with and paid out by',
    description:
      "Conomy's own rules for each rail, held for some minutes; `asOf` says when Conomy told them.",
    scope: 'read',
    query: productsQuery,
    answer: { status: 200, description: 'The products.', schema: 'ProductsAnswer' },
    problems: ['validation_failed', 'not_found', 'unavailable'],
  },
  {
    method: 'GET',
    path: '/v1/banks/{country}',
    id: 'listBanks',
    tag: 'Discovery',
    summary: 'The banks of a country',
    description: 'With the codes that bank rails ask for.',
    scope: 'read',
    pathParameters: { country: 'ISO 3166-1 alpha-3, for example `COL`.' },
    answer: { status: 200, description: 'The banks.', schema: 'BanksAnswer' },
    problems: ['validation_failed', 'not_found', 'unavailable'],
  },
  {
    method: 'POST',
    path: '/webhooks/conomy',
    id: 'receiveDelivery',
    tag: 'Webhooks',
    summary: 'Receives the webhooks of Conomy',
    description:
      'Called by Conomy, not by you: set this URL in its dashboard. The signature is verified on the bytes as they came, in the body or in the header; when the header is there, it alone decides. Any content type is taken. The 200 leaves after the delivery is committed, and a repeat is counted.',
    scope: null,
    headers: {
      'X-Webhook-Signature': {
        description: 'HMAC-SHA256 of the body in hexadecimal, in the form that signs in the header.',
        required: false,
        schema: z.string(),
      },
    },
    body: { schema: 'Delivery', required: true, examples: WEBHOOK_EXAMPLES },
    answer: { status: 200, description: 'Verified and committed.', schema: 'Empty' },
    problems: ['unauthorized', 'payload_too_large', 'unavailable'],
  },
];
