import { randomBytes, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import {
  insert,
  insertAttempt,
  insertCommand,
  insertDelivery,
  insertPayment,
  update,
} from './schema-fixture.ts';

/** What is tried, the constraint or unique index that must refuse it, and the trial. */
type Case = [what: string, constraint: string, attempt: (db: Pool) => Promise<unknown>];

const now = () => new Date();

const ENVIRONMENT: Case[] = [
  [
    'a second environment',
    'environment_pkey',
    async (db) => {
      const row = { conomy_base_url: 'https://a', conomy_client_id: 'a' };
      await insert(db, 'environment', row);
      await insert(db, 'environment', row);
    },
  ],
  [
    'an environment beside the one row',
    'environment_is_one_row',
    (db) => insert(db, 'environment', { only_row: false, conomy_base_url: 'x', conomy_client_id: 'x' }),
  ],
];

const PAYMENTS: Case[] = [
  [
    'one Conomy id under two keys',
    'payments_conomy_id_key',
    async (db) => insertPayment(db, { conomy_id: (await insertPayment(db)).conomy_id }),
  ],
  [
    'one externalId for two live payments',
    'payments_live_external_id_key',
    async (db) => insertPayment(db, { external_id: (await insertPayment(db)).external_id }),
  ],
  [
    'fewer than no reads behind a final state',
    'payments_reads_behind_are_natural',
    (db) => insertPayment(db, { reads_behind: -1 }),
  ],
  ['a negative version', 'payments_version_is_natural', (db) => insertPayment(db, { version: -1 })],
  ['a cause nobody knows', 'payments_cause_is_known', (db) => insertPayment(db, { cause: 'timer' })],
  [
    'a status without a Conomy id',
    'payments_known_status_has_an_id',
    (db) => insertPayment(db, { conomy_id: null, status: 'CREATED' }),
  ],
  [
    'a duplicate that keeps its Conomy id',
    'payments_duplicates_have_no_id',
    async (db) => insertPayment(db, { duplicate_of: (await insertPayment(db)).key }),
  ],
  [
    'a duplicate of nothing',
    'payments_duplicate_of_fkey',
    (db) => insertPayment(db, { conomy_id: null, duplicate_of: randomUUID() }),
  ],
  [
    'a payment without any name',
    'payments_are_named',
    (db) => insertPayment(db, { conomy_id: null, external_id: null }),
  ],
];

const REFUNDS: Case[] = [
  ['a payment of a kind nobody knows', 'payments_kind_is_known', (db) => insertPayment(db, { kind: 'fee' })],
  ['a refund of nothing', 'payments_refunds_have_a_parent', (db) => insertPayment(db, { kind: 'refund' })],
  [
    'a refund of a payment that is not there',
    'payments_parent_key_fkey',
    (db) => insertPayment(db, { kind: 'refund', parent_key: randomUUID() }),
  ],
  [
    'a negative amount refunded',
    'payments_refunds_are_not_negative',
    (db) => insertPayment(db, { refund_done_minor: -1 }),
  ],
  [
    'a negative amount of doubt',
    'payments_refunds_are_not_negative',
    (db) => insertPayment(db, { refund_doubtful_minor: -1 }),
  ],
  [
    'more reserved for refunds than the payment has left',
    'payments_refunds_fit_the_payment',
    (db) => insertPayment(db, { refundable_minor: 100, refund_done_minor: 60, refund_reserved_minor: 41 }),
  ],
  [
    'more reserved for refunds than is left beside what is doubtful',
    'payments_refunds_fit_the_payment',
    async (db) => {
      const whole = { refundable_minor: 100, refund_done_minor: 30, refund_doubtful_minor: 30 };
      const { key } = await insertPayment(db, whole);
      await update(db, 'payments', ['key', key], { refund_reserved_minor: 41 });
    },
  ],
  [
    'an amount reserved of a payment nobody has read',
    'payments_refunds_fit_the_payment',
    (db) => insertPayment(db, { refund_reserved_minor: 1 }),
  ],
  [
    'a number of a refund that has no payment yet',
    'payments_refunds_are_numbered',
    (db) => insertPayment(db, { kind: 'refund', parent_conomy_id: 'p', refund_number: 1 }),
  ],
  [
    'one number for two refunds of a payment',
    'payments_refund_number_key',
    async (db) => {
      const { key: parent_key } = await insertPayment(db);
      const { key } = await insertPayment(db, { kind: 'refund', parent_key });
      await insertPayment(db, { kind: 'refund', parent_key });
      await update(db, 'payments', ['key', key], { refund_number: 2 });
    },
  ],
  [
    'one refund made by two attempts',
    'attempts_refund_key_key',
    async (db) => {
      const { key: refund_key } = await insertPayment(db);
      const made = { operation: 'refund', refund_key };
      await insertAttempt(db, made);
      await insertAttempt(db, made);
    },
  ],
  [
    'an attempt that made a refund which is not there',
    'attempts_refund_key_fkey',
    (db) => insertAttempt(db, { operation: 'refund', refund_key: randomUUID() }),
  ],
  [
    'a capture that notes refunds',
    'attempts_refunds_are_of_a_refund',
    (db) => insertAttempt(db, { refunds_before: 0 }),
  ],
  [
    'a doubt without a beginning',
    'attempts_doubts_have_a_beginning',
    (db) => insertAttempt(db, { operation: 'refund', doubtful_minor: 1 }),
  ],
  [
    'fewer than no reads in vain',
    'commands_vain_reads_are_natural',
    (db) => insertCommand(db, { vain_reads: -1 }),
  ],
  [
    'a refund command that says nothing about the amount',
    'commands_refund_has_an_amount',
    (db) => insertCommand(db, { type: 'payment.refund', steps: ['refund'] }),
  ],
  [
    'two refunds made for one command',
    'attempts_one_success_per_command',
    async (db) => {
      const made = { operation: 'refund', outcome: 'succeeded', finished_at: now() };
      const { command_id, payment_key } = await insertAttempt(db, made);
      await insertAttempt(db, { command_id, payment_key, ...made, number: 2 });
    },
  ],
];

const DOCUMENTS: Case[] = [
  [
    'a command to submit a document without the document',
    'commands_document_is_there',
    (db) => insertCommand(db, { type: 'payment.submit-document', steps: ['submit_document'] }),
  ],
  [
    'two documents of one payment at work',
    'commands_one_at_work_per_payment',
    async (db) => {
      const given = { type: 'payment.submit-document', steps: ['submit_document'], document: {} };
      const { payment_key } = await insertCommand(db, given);
      await insertCommand(db, { ...given, payment_key });
    },
  ],
  [
    'how documents stood before something that is none',
    'attempts_documentation_is_of_a_document',
    (db) => insertAttempt(db, { documentation_before: 'UPLOADED' }),
  ],
];

const move = { version: 1, from_status: null, to_status: 'CREATED', cause: 'read' };
const event = { sequence: 1, type: 'payment.moved', version: 1, final: false };
const EVENTS: Case[] = [
  [
    'two events at one position',
    'events_position_key',
    async (db) => {
      const { key: payment_key } = await insertPayment(db);
      await insert(db, 'events', { payment_key, ...event, position: 1 });
      await insert(db, 'events', { payment_key, ...event, position: 1, sequence: 2 });
    },
  ],
  [
    'two events of a payment with one number',
    'events_sequence_key',
    async (db) => {
      const { key: payment_key } = await insertPayment(db);
      await insert(db, 'events', { payment_key, ...event });
      await insert(db, 'events', { payment_key, ...event });
    },
  ],
  [
    'an event numbered from zero',
    'events_are_numbered_from_one',
    async (db) => insert(db, 'events', { payment_key: (await insertPayment(db)).key, ...event, sequence: 0 }),
  ],
  [
    'an event of a type nobody knows',
    'events_type_is_known',
    async (db) => {
      const { id: command_id, payment_key } = await insertCommand(db);
      await insert(db, 'events', { payment_key, ...event, type: 'command.lost', version: null, command_id });
    },
  ],
  [
    'a move without its version',
    'events_are_of_a_move_or_a_command',
    async (db) =>
      insert(db, 'events', { payment_key: (await insertPayment(db)).key, ...event, version: null }),
  ],
  [
    'an event of a payment that is not there',
    'events_payment_key_fkey',
    (db) => insert(db, 'events', { payment_key: randomUUID(), ...event }),
  ],
  [
    'an event of a command that is not there',
    'events_command_id_fkey',
    async (db) =>
      insert(db, 'events', {
        payment_key: (await insertPayment(db)).key,
        ...event,
        type: 'command.succeeded',
        version: null,
        command_id: randomUUID(),
      }),
  ],
];

const JOURNAL: Case[] = [
  [
    'two moves with one version',
    'journal_pkey',
    async (db) => {
      const { key: payment_key } = await insertPayment(db);
      await insert(db, 'journal', { payment_key, ...move });
      await insert(db, 'journal', { payment_key, ...move });
    },
  ],
  [
    'a move of a payment that is not there',
    'journal_payment_key_fkey',
    (db) => insert(db, 'journal', { payment_key: randomUUID(), ...move }),
  ],
  [
    'a move without a recorded cause',
    'journal_cause_is_known',
    async (db) =>
      insert(db, 'journal', { payment_key: (await insertPayment(db)).key, ...move, cause: 'accepted' }),
  ],
  [
    'a move to where the payment was',
    'journal_moves',
    async (db) =>
      insert(db, 'journal', { payment_key: (await insertPayment(db)).key, ...move, from_status: 'CREATED' }),
  ],
];

const ended = { status: 'rejected', problem: { code: 'x' }, finished_at: now() };
const COMMANDS: Case[] = [
  [
    'one idempotency key for two commands',
    'commands_idempotency_key_key',
    async (db) => insertCommand(db, { idempotency_key: (await insertCommand(db)).idempotency_key }),
  ],
  [
    'a fingerprint that is no SHA-256',
    'commands_fingerprint_is_sha256',
    (db) => insertCommand(db, { fingerprint: randomBytes(31) }),
  ],
  ['a type nobody knows', 'commands_type_is_known', (db) => insertCommand(db, { type: 'payment.cancel' })],
  ['a status nobody knows', 'commands_status_is_known', (db) => insertCommand(db, { status: 'failed' })],
  [
    'a command of a payment that is not there',
    'commands_payment_key_fkey',
    (db) => insertCommand(db, { payment_key: randomUUID() }),
  ],
  [
    'a create without a body',
    'commands_create_has_a_body',
    (db) => insertCommand(db, { type: 'payment.create', steps: ['create'] }),
  ],
  ['a capture with a body', 'commands_create_has_a_body', (db) => insertCommand(db, { create_body: '{}' })],
  ['no steps', 'commands_have_steps', (db) => insertCommand(db, { steps: [] })],
  ['a step nobody knows', 'commands_have_steps', (db) => insertCommand(db, { steps: ['void'] })],
  ['more steps done than there are', 'commands_steps_done_fit', (db) => insertCommand(db, { steps_done: 2 })],
  [
    'success with a step left',
    'commands_succeeded_did_every_step',
    (db) => insertCommand(db, { status: 'succeeded', finished_at: now() }),
  ],
  [
    'an end without a time',
    'commands_end_has_a_time',
    (db) => insertCommand(db, { ...ended, finished_at: null }),
  ],
  ['a time without an end', 'commands_end_has_a_time', (db) => insertCommand(db, { finished_at: now() })],
  [
    'a parked command with an end',
    'commands_end_has_a_time',
    (db) => insertCommand(db, { ...ended, status: 'parked' }),
  ],
  [
    'a bad end without a problem',
    'commands_bad_end_has_a_problem',
    (db) => insertCommand(db, { ...ended, problem: null }),
  ],
  [
    'a parked command without a problem',
    'commands_bad_end_has_a_problem',
    (db) => insertCommand(db, { status: 'parked' }),
  ],
  [
    'an offer of a blocked command',
    'commands_only_runnable_are_offered',
    (db) => insertCommand(db, { status: 'blocked', offer_at: now() }),
  ],
  [
    'an offer of an ended command',
    'commands_only_runnable_are_offered',
    (db) => insertCommand(db, { ...ended, offer_at: now() }),
  ],
  [
    'an offer of a parked command',
    'commands_only_runnable_are_offered',
    (db) => insertCommand(db, { status: 'parked', problem: {}, offer_at: now() }),
  ],
  ...['accepted', 'executing', 'unresolved', 'parked'].map(
    (status): Case => [
      `two commands at work for one payment, the other ${status}`,
      'commands_one_at_work_per_payment',
      async (db) =>
        insertCommand(db, { payment_key: (await insertCommand(db)).payment_key, status, problem: {} }),
    ],
  ),
];

const done = { outcome: 'succeeded', finished_at: now() };
const unknown = { outcome: 'unknown', finished_at: now() };
const ATTEMPTS: Case[] = [
  [
    'an operation nobody knows',
    'attempts_operation_is_known',
    (db) => insertAttempt(db, { operation: 'void' }),
  ],
  ['an attempt number 0', 'attempts_are_numbered_from_one', (db) => insertAttempt(db, { number: 0 })],
  [
    'an outcome nobody knows',
    'attempts_outcome_is_known',
    (db) => insertAttempt(db, { ...done, outcome: 'failed' }),
  ],
  [
    'a resolution nobody knows',
    'attempts_resolution_is_known',
    (db) => insertAttempt(db, { ...unknown, resolution: 'lost', resolved_at: now() }),
  ],
  ['an outcome without a time', 'attempts_end_has_a_time', (db) => insertAttempt(db, { outcome: 'unknown' })],
  ['a time without an outcome', 'attempts_end_has_a_time', (db) => insertAttempt(db, { finished_at: now() })],
  [
    'what is not ours of an attempt that was not ruled out',
    'attempts_not_ours_are_ruled_out',
    (db) => insertAttempt(db, { ...unknown, not_ours: ['theirs'] }),
  ],
  [
    'a resolution of what was never unknown',
    'attempts_only_unknown_is_resolved',
    (db) => insertAttempt(db, { ...done, resolution: 'succeeded', resolved_at: now() }),
  ],
  [
    'a resolution without a time',
    'attempts_resolution_has_a_time',
    (db) => insertAttempt(db, { ...unknown, resolution: 'retryable' }),
  ],
  [
    'the same number twice in one step',
    'attempts_number_key',
    async (db) => {
      const { command_id, payment_key } = await insertAttempt(db, unknown);
      await insertAttempt(db, { command_id, payment_key, ...unknown });
    },
  ],
  [
    'two attempts under way for one command',
    'attempts_one_under_way_per_command',
    async (db) => {
      const { command_id, payment_key } = await insertAttempt(db);
      await insertAttempt(db, { command_id, payment_key, number: 2 });
    },
  ],
  [
    'a second successful capture of one payment, by another command',
    'attempts_one_success_per_payment',
    async (db) => {
      const { payment_key } = await insertAttempt(db, done);
      const later = await insertCommand(db, { payment_key, status: 'blocked' });
      await insertAttempt(db, { command_id: later.id, payment_key, ...done });
    },
  ],
  [
    'a second capture that reading found to be done',
    'attempts_one_success_per_payment',
    async (db) => {
      const { command_id, payment_key } = await insertAttempt(db, done);
      const found = { ...unknown, resolution: 'succeeded', resolved_at: now() };
      await insertAttempt(db, { command_id, payment_key, number: 2, ...found });
    },
  ],
  [
    'an attempt of a command that is not there',
    'attempts_command_id_fkey',
    async (db) => insertAttempt(db, { command_id: randomUUID(), payment_key: (await insertPayment(db)).key }),
  ],
  [
    'an attempt of a payment that is not there',
    'attempts_payment_key_fkey',
    async (db) => insertAttempt(db, { payment_key: randomUUID() }),
  ],
  [
    'a read with a finding nobody knows',
    'attempt_reads_finding_is_known',
    async (db) =>
      insert(db, 'attempt_reads', {
        attempt_id: (await insertAttempt(db)).id,
        began_at: now(),
        finding: 'lost',
      }),
  ],
  [
    'a read for an attempt that is not there',
    'attempt_reads_attempt_id_fkey',
    (db) => insert(db, 'attempt_reads', { attempt_id: 0, began_at: now(), finding: 'absent' }),
  ],
  [
    'a read by a process that does not say when',
    'attempt_reads_process_has_a_clock',
    async (db) =>
      insert(db, 'attempt_reads', {
        attempt_id: (await insertAttempt(db)).id,
        began_at: now(),
        finding: 'absent',
        process: 'one',
      }),
  ],
];

const DELIVERIES: Case[] = [
  [
    'the same bytes as another delivery',
    'webhook_deliveries_body_sha256_key',
    async (db) => insertDelivery(db, { body_sha256: (await insertDelivery(db)).body_sha256 }),
  ],
  [
    'a digest that is no SHA-256',
    'webhook_deliveries_body_sha256_is_sha256',
    (db) => insertDelivery(db, { body_sha256: randomBytes(20) }),
  ],
  [
    'a signature that is no SHA-256',
    'webhook_deliveries_signature_is_sha256',
    (db) => insertDelivery(db, { signature: randomBytes(20) }),
  ],
  ['a form nobody knows', 'webhook_deliveries_form_is_known', (db) => insertDelivery(db, { form: 'query' })],
  [
    'a result nobody knows',
    'webhook_deliveries_result_is_known',
    (db) => insertDelivery(db, { applied_at: now(), result: 'lost' }),
  ],
  [
    'an applied delivery without a result',
    'webhook_deliveries_applied_has_a_result',
    (db) => insertDelivery(db, { applied_at: now() }),
  ],
  [
    'a result before it was applied',
    'webhook_deliveries_applied_has_a_result',
    (db) => insertDelivery(db, { result: 'moved' }),
  ],
  [
    'a delivery for a payment that is not there',
    'webhook_deliveries_payment_key_fkey',
    (db) => insertDelivery(db, { payment_key: randomUUID() }),
  ],
];

const redrive = { redriven_by: 'test', reason: 'looked at it', problem: { code: 'x' } };
const REDRIVES: Case[] = [
  [
    'a redrive without a reason',
    'command_redrives_have_a_reason',
    async (db) =>
      insert(db, 'command_redrives', { command_id: (await insertCommand(db)).id, ...redrive, reason: '' }),
  ],
  [
    'a redrive of a command that is not there',
    'command_redrives_command_id_fkey',
    (db) => insert(db, 'command_redrives', { command_id: randomUUID(), ...redrive }),
  ],
  [
    'a redrive after an attempt that is not there',
    'command_redrives_attempt_id_fkey',
    async (db) =>
      insert(db, 'command_redrives', { command_id: (await insertCommand(db)).id, ...redrive, attempt_id: 0 }),
  ],
];

const conclusion = { concluded_by: 'test', reason: 'asked', outcome: 'give_up', problem: {}, evidence: {} };
const CONCLUSIONS: Case[] = [
  [
    'a conclusion without a reason',
    'command_conclusions_have_a_reason',
    async (db) =>
      insert(db, 'command_conclusions', {
        command_id: (await insertCommand(db)).id,
        ...conclusion,
        reason: '',
      }),
  ],
  [
    'a conclusion by an outcome nobody knows',
    'command_conclusions_outcome_is_known',
    async (db) =>
      insert(db, 'command_conclusions', {
        command_id: (await insertCommand(db)).id,
        ...conclusion,
        outcome: 'lost',
      }),
  ],
  [
    'a conclusion of a command that is not there',
    'command_conclusions_command_id_fkey',
    (db) => insert(db, 'command_conclusions', { command_id: randomUUID(), ...conclusion }),
  ],
];

const HEALTH: Case[] = [
  [
    'a second provider health',
    'provider_health_pkey',
    (db) => insert(db, 'provider_health', { failures: 1 }),
  ],
  [
    'a provider health beside the one row',
    'provider_health_is_one_row',
    (db) => insert(db, 'provider_health', { only_row: false }),
  ],
  [
    'a breaker in a state nobody knows',
    'provider_health_breaker_is_known',
    (db) => db.query(`update provider_health set breaker = 'ajar'`),
  ],
  [
    'a rate at which nothing ever leaves',
    'provider_health_rate_is_positive',
    (db) => db.query('update provider_health set calls_per_second = 0'),
  ],
  ['a second shared token', 'provider_token_pkey', (db) => insert(db, 'provider_token', { generation: 1 })],
  [
    'a shared token beside the one row',
    'provider_token_is_one_row',
    (db) => insert(db, 'provider_token', { only_row: false }),
  ],
];

const scanRequest = (attemptId: unknown) => ({
  lane: 'whole create 200 COLLECT',
  external_id: 'order-1',
  first_started_at: now(),
  is_whole: true,
  attempt_id: attemptId,
});

const SCANS: Case[] = [
  [
    'two scans of one lane at once',
    'scan_lanes_pkey',
    async (db) => {
      const row = { lane: 'create 200 COLLECT', held_by: 1, held_until: now() };
      await insert(db, 'scan_lanes', row);
      await insert(db, 'scan_lanes', row);
    },
  ],
  [
    'an answer of no scan',
    'scan_requests_answer_has_a_scan',
    (db) =>
      insert(db, 'scan_requests', {
        lane: 'create 200 COLLECT',
        external_id: 'order-1',
        first_started_at: now(),
        is_whole: false,
        answer: {},
      }),
  ],
  [
    'a scan for an attempt that is not there',
    'scan_requests_attempt_id_fkey',
    (db) => insert(db, 'scan_requests', scanRequest(0)),
  ],
  [
    'two requests of one attempt',
    'scan_requests_attempt_id_key',
    async (db) => {
      const { id } = await insertAttempt(db);
      await insert(db, 'scan_requests', scanRequest(id));
      await insert(db, 'scan_requests', scanRequest(id));
    },
  ],
];

/** A discrepancy of a payment that is there, unless `over` names another. */
async function insertDiscrepancy(db: Pool, over: object = {}): Promise<unknown> {
  const side = { mirror: {}, mirror_read_at: now(), provider: {}, provider_read_at: now() };
  const { key: payment_key } = await insertPayment(db);
  return insert(db, 'discrepancies', {
    payment_key,
    kind: 'overdue',
    cause: 'it stands still',
    ...side,
    ...over,
  });
}
const DISCREPANCIES: Case[] = [
  [
    'a discrepancy of a kind nobody knows',
    'discrepancies_kind_is_known',
    (db) => insertDiscrepancy(db, { kind: 'odd' }),
  ],
  [
    'a discrepancy in a state nobody knows',
    'discrepancies_status_is_known',
    (db) => insertDiscrepancy(db, { status: 'ignored', ended_at: now(), ended_by: 'test', reason: 'x' }),
  ],
  [
    'a discrepancy without a cause',
    'discrepancies_have_a_cause',
    (db) => insertDiscrepancy(db, { cause: '' }),
  ],
  [
    'a discrepancy of no payment',
    'discrepancies_are_of_a_payment',
    (db) => insertDiscrepancy(db, { payment_key: null }),
  ],
  [
    'a discrepancy of a payment that is not there',
    'discrepancies_payment_key_fkey',
    (db) => insertDiscrepancy(db, { payment_key: randomUUID() }),
  ],
  [
    'an end of a discrepancy without a reason',
    'discrepancies_end_has_a_time_an_author_and_a_reason',
    (db) => insertDiscrepancy(db, { status: 'accepted', ended_at: now(), ended_by: 'test' }),
  ],
  [
    'the same discrepancy open twice',
    'discrepancies_open_once',
    async (db) => {
      const { key: payment_key } = await insertPayment(db);
      await insertDiscrepancy(db, { payment_key });
      await insertDiscrepancy(db, { payment_key });
    },
  ],
];

const COMPARED_DAYS: Case[] = [
  [
    'a day that is complete without counts',
    'compared_days_complete_ones_have_counts',
    (db) => insert(db, 'compared_days', { day: '2026-05-18', completed_at: now() }),
  ],
  [
    'a claim of a day without an end',
    'compared_days_claim_has_an_end',
    (db) => insert(db, 'compared_days', { day: '2026-05-18', claimed_by: 'test' }),
  ],
  [
    'a day twice',
    'compared_days_pkey',
    async (db) => {
      await insert(db, 'compared_days', { day: '2026-05-19' });
      await insert(db, 'compared_days', { day: '2026-05-19' });
    },
  ],
];

const PUSHES: Case[] = [
  [
    'a second push endpoint',
    'push_endpoint_pkey',
    async (db) => {
      await insert(db, 'push_endpoint', { url: 'https://a', position: 0 });
      await insert(db, 'push_endpoint', { url: 'https://b', position: 0 });
    },
  ],
  [
    'a push endpoint beside the one row',
    'push_endpoint_is_one_row',
    (db) => insert(db, 'push_endpoint', { only_row: false, url: 'https://a', position: 0 }),
  ],
  [
    'a push endpoint that is disabled for no reason',
    'push_endpoint_disabled_has_a_reason',
    (db) =>
      insert(db, 'push_endpoint', { only_row: true, url: 'https://a', position: 0, disabled_at: now() }),
  ],
  [
    'pushes of one payment in two rows',
    'pushes_pkey',
    async (db) => {
      const { key: payment_key } = await insertPayment(db);
      await insert(db, 'pushes', { payment_key, next_sequence: 1 });
      await insert(db, 'pushes', { payment_key, next_sequence: 1 });
    },
  ],
  [
    'pushes that begin before the first event',
    'pushes_begin_at_one',
    async (db) => insert(db, 'pushes', { payment_key: (await insertPayment(db)).key, next_sequence: 0 }),
  ],
  [
    'pushes of a payment that is not there',
    'pushes_payment_key_fkey',
    (db) => insert(db, 'pushes', { payment_key: randomUUID(), next_sequence: 1 }),
  ],
];

const drift = { kind: 'new_field', place: 'payment', name: 'mood', seen: 'string' };
const DRIFT: Case[] = [
  [
    'one drift in two rows',
    'drift_pkey',
    async (db) => {
      await insert(db, 'drift', { ...drift, times: 1 });
      await insert(db, 'drift', { ...drift, times: 1 });
    },
  ],
  ['a drift nobody saw', 'drift_was_seen', (db) => insert(db, 'drift', { ...drift, name: 'x', times: 0 })],
];

const pause = (over: object = {}) => ({
  id: randomUUID(),
  scope_kind: 'all',
  reason: 'looked at it',
  cause: 'operator',
  paused_by: 'test',
  ...over,
});
const PAUSES: Case[] = [
  ['a pause without a reason', 'pauses_have_a_reason', (db) => insert(db, 'pauses', pause({ reason: '' }))],
  [
    'a pause of a scope nobody knows',
    'pauses_scope_is_known',
    (db) => insert(db, 'pauses', pause({ scope_kind: 'account', scope_value: 'x' })),
  ],
  [
    'a pause of everything that names something',
    'pauses_value_fits_scope',
    (db) => insert(db, 'pauses', pause({ scope_value: 'x' })),
  ],
  [
    'a pause of one thing that names none',
    'pauses_value_fits_scope',
    (db) => insert(db, 'pauses', pause({ scope_kind: 'operation' })),
  ],
  [
    'a pause for a cause nobody knows',
    'pauses_cause_is_known',
    (db) => insert(db, 'pauses', pause({ cause: 'x' })),
  ],
  [
    'a pause lifted by nobody',
    'pauses_lifted_by_somebody',
    (db) => insert(db, 'pauses', pause({ lifted_at: now() })),
  ],
  [
    'a second pause of our own for one cause',
    'pauses_one_of_our_own_per_cause',
    async (db) => {
      await insert(db, 'pauses', pause({ cause: 'forbidden' }));
      await insert(db, 'pauses', pause({ cause: 'forbidden' }));
    },
  ],
  [
    'a command that waits for something nobody knows',
    'commands_waits_for_is_known',
    (db) => insertCommand(db, { waits_for: 'luck' }),
  ],
];

const release = (over: object = {}) => ({ waits_for: 'provider', lane: 'write', ...over });
const RELEASES: Case[] = [
  [
    'a second release of the same',
    'releases_pkey',
    async (db) => {
      await insert(db, 'releases', release());
      await insert(db, 'releases', release());
    },
  ],
  [
    'a release of what waits for something nobody ends',
    'releases_waits_for_is_known',
    (db) => insert(db, 'releases', release({ waits_for: 'review' })),
  ],
  [
    'a release of a lane nobody knows',
    'releases_lane_is_known',
    (db) => insert(db, 'releases', release({ lane: 'fast' })),
  ],
];

export const CASES = [
  ...ENVIRONMENT,
  ...PAYMENTS,
  ...REFUNDS,
  ...DOCUMENTS,
  ...JOURNAL,
  ...EVENTS,
  ...COMMANDS,
  ...ATTEMPTS,
  ...DELIVERIES,
  ...REDRIVES,
  ...CONCLUSIONS,
  ...HEALTH,
  ...SCANS,
  ...PAUSES,
  ...RELEASES,
  ...DISCREPANCIES,
  ...COMPARED_DAYS,
  ...PUSHES,
  ...DRIFT,
];
