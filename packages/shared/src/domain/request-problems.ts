/** Every reason a request is refused: its HTTP status, what it means, how it comes about and what to do. */
export const PROBLEMS = {
  validation_failed: {
    status: 400,
    title: 'The request is not valid',
    cause: 'A field or parameter is missing, unknown, malformed or contradicts another one.',
    fix: 'Read errors: each names a place by a JSON pointer and says what is wrong there. Mend it and send it again with the same Idempotency-Key.',
  },
  idempotency_key_missing: {
    status: 400,
    title: 'The Idempotency-Key is missing',
    cause: 'The command came without a key, so a repeat of it could not be told from a second command.',
    fix: 'Choose a key for the command before the first try and send the same one at every repeat.',
  },
  idempotency_key_malformed: {
    status: 400,
    title: 'The Idempotency-Key is not a key',
    cause:
      'It has other characters than U+0021 to U+007E without " and \\, or more than 255; or the header is there twice, is bare with a comma, or has something behind its quotes.',
    fix: 'Send one line with the key in double quotes or bare; in a body the key alone. k and "k" are one key.',
  },
  unauthorized: {
    status: 401,
    title: 'The credentials are missing or not known',
    cause: 'There is no API key with this secret; for a webhook, the signature does not verify.',
    fix: 'Send "Authorization: Bearer <secret>" with the secret of a key in API_KEYS; for webhooks, compare CONOMY_WEBHOOK_SECRETS with the dashboard of Conomy.',
  },
  forbidden: {
    status: 403,
    title: 'The API key may not do this',
    cause: 'The key lacks the scope that the route needs.',
    fix: 'Use a key with that scope, or add the scope to the key in API_KEYS.',
  },
  not_found: {
    status: 404,
    title: 'There is no such resource',
    cause: 'The path or method does not exist, or Conomy has nothing of that name for this tenant.',
    fix: 'Compare the request with the API reference at /docs.',
  },
  command_not_found: {
    status: 404,
    title: 'There is no such command',
    cause: 'No command has this id.',
    fix: 'Use the command.id of the 202 answer, or find it by externalId in GET /v1/commands.',
  },
  payment_not_found: {
    status: 404,
    title: 'There is no such payment',
    cause: 'No payment has this key, Conomy id or externalId here.',
    fix: 'Create the payment first, or name it by its Conomy id.',
  },
  pause_not_found: {
    status: 404,
    title: 'There is no such pause',
    cause: 'No pause in force has this id: it was never set, or was lifted before.',
    fix: 'Take the id from GET /v1/pauses.',
  },
  discrepancy_not_found: {
    status: 404,
    title: 'There is no such discrepancy',
    cause: 'No discrepancy has this id.',
    fix: 'Take the id from GET /v1/discrepancies.',
  },
  not_resolvable: {
    status: 409,
    title: 'The discrepancy cannot be ended like this',
    cause:
      'It has ended already, Capstan cannot repair its kind, or both sides still disagree after a new read.',
    fix: 'Read the detail. What cannot be repaired is accepted or explained, with what you found at Conomy.',
  },
  not_disabled: {
    status: 409,
    title: 'Pushes are not disabled',
    cause: 'Events are pushed, or UPSTREAM_URL is not set.',
    fix: 'Nothing has to be enabled. GET /v1/push-endpoint says where events go and since when nothing was taken.',
  },
  not_cancelable: {
    status: 409,
    title: 'The command can no longer be canceled',
    cause:
      'It has ended, a worker holds it, or a call of its current step has left. A parked one can be canceled while such calls certainly had no effect.',
    fix: 'Wait for its end and act on what became of the payment; a refund gives money back.',
  },
  not_parked: {
    status: 409,
    title: 'The command is not parked',
    cause:
      'Only a command that waits for a person can be redriven or concluded, and it must not move while Conomy is read for it.',
    fix: 'Read the command: it has ended or goes on by itself.',
  },
  outcome_not_offered: {
    status: 409,
    title: 'The command cannot be concluded by this outcome',
    cause:
      'What it is parked with does not allow it, or its attempts do not: give_up needs that no attempt is of unknown outcome, the others that one is.',
    fix: 'Read the detail, and the outcomes that docs/errors.md names with the code of the command.',
  },
  payment_differs: {
    status: 409,
    title: 'The payment named is not the one that was asked for',
    cause:
      'A fresh read contradicts what the command asked for, or lacks what identifies it; `fields` says where.',
    fix: 'Name the payment that the command made. One that differs is never bound.',
  },
  effect_not_seen: {
    status: 409,
    title: 'A fresh read does not show the effect',
    cause:
      'The status of the payment does not prove that the step was taken, or the refund was there before it.',
    fix: 'Read the payment again later, or redrive the command to have it looked for.',
  },
  another_was_captured: {
    status: 409,
    title: 'Another payment of this externalId was captured',
    cause: 'Of several payments found, one that was not chosen has moved money, or may have; `ids` names it.',
    fix: 'Choose that one, or settle it with Conomy first.',
  },
  too_early: {
    status: 409,
    title: 'It is too early to rule the effect out',
    cause: 'Less than 24 hours have passed since the call could last have been under way.',
    fix: 'Ask again at `notBefore`.',
  },
  effect_may_exist: {
    status: 409,
    title: 'Conomy shows what may be the effect',
    cause:
      'The payment shows the effect, or payments or refunds are there that were not there before; `ids` names them.',
    fix: 'Conclude it as made by one of them, or name those in notOurs that Conomy confirmed to be of somebody else.',
  },
  scan_running: {
    status: 409,
    title: 'The account is being searched',
    cause:
      'A create is ruled out by a whole scan of its account alone, begun after `notBefore`; it was begun or goes on, and has read `rows` rows.',
    fix: 'Send the same request again from time to time until the scan is over; within 30 minutes of its end it counts.',
  },
  payment_not_created: {
    status: 409,
    title: 'Conomy has not told of this payment yet',
    cause: 'Its create has not been answered, so there is no id to read it by.',
    fix: 'Read its command, with ?wait=30 until it has ended.',
  },
  position_unknown: {
    status: 409,
    title: 'No event has come to this position',
    cause:
      'The position is beyond the newest event: the database was restored to an instant before it, a standby that lacked the last events was promoted, or the caller reads another deployment than before.',
    fix: 'Compare `stream` with the one you kept: another one means that positions were given anew. Then read from 0, or from the last position that you know to be in both, and take events you have already by their id of payment and sequence.',
  },
  external_id_taken: {
    status: 409,
    title: 'The externalId belongs to another payment',
    cause: 'Another Idempotency-Key created, or is creating, a payment of that name.',
    fix: 'If it is the same payment, repeat it with its first key; if not, choose another externalId.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    cause: 'A command or webhook has more than 256 KiB, or a batch more than 4 MiB.',
    fix: 'Send less, or more batches.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not of a type this route takes',
    cause: 'The body is not declared as JSON, or is compressed.',
    fix: 'Send it as it is, with Content-Type: application/json.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key belongs to another command',
    cause: 'The key was used for a command with other content.',
    fix: 'Use a new key for a new command; a repeat must be the same in every field.',
  },
  internal_error: {
    status: 500,
    title: 'The request failed for a reason of our own',
    cause: 'A fault in Capstan; the log line request.failed has it.',
    fix: 'Send it again with the same Idempotency-Key; if it fails again, tell whoever runs Capstan.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    cause: 'The API key sent more requests in a second than RATE_LIMIT_PER_SECOND allows.',
    fix: 'Wait as long as Retry-After says and send the request again with the same Idempotency-Key; put many commands into one batch.',
  },
  unavailable: {
    status: 503,
    title: 'The service cannot do this now',
    cause: 'PostgreSQL cannot be reached, is read-only, busy or full, or Conomy gave no answer to a read.',
    fix: 'Send it again after Retry-After seconds, with the same Idempotency-Key.',
  },
} as const satisfies Record<string, { status: number; title: string; cause: string; fix: string }>;

export type ProblemCode = keyof typeof PROBLEMS;
