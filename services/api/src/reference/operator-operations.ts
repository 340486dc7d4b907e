import { pauseListQuery } from '../routes/pauses.ts';
import { PAUSE_EXAMPLES, REASON_EXAMPLES } from './examples.ts';
import { CONTENT_PROBLEMS, commandId, type ReferenceOperation } from './operation.ts';

/** The routes of those who run Capstan. */
export const OPERATOR_OPERATIONS: readonly ReferenceOperation[] = [
  {
    method: 'POST',
    path: '/v1/commands/{id}/redrive',
    id: 'redriveCommand',
    tag: 'Operation',
    summary: 'Put a parked command back to work',
    description:
      'Recorded with the name of the key and the reason. Conomy is read before anything is sent: a call whose outcome was never known is looked for anew.',
    scope: 'operate',
    pathParameters: commandId,
    body: { schema: 'Redrive', required: true, examples: REASON_EXAMPLES },
    answer: { status: 200, description: 'The command, at work again.', schema: 'CommandAnswer' },
    problems: [...CONTENT_PROBLEMS, 'command_not_found', 'not_parked'],
  },
  {
    method: 'POST',
    path: '/v1/pauses',
    id: 'pauseWrites',
    tag: 'Operation',
    summary: 'Hold new writes back',
    description:
      'Within a second no process begins a write of this scope, until the pause is lifted; a restart changes nothing. Calls under way are finished, commands are accepted and wait with `waitsFor: "pause"`, reads go on.',
    scope: 'operate',
    body: { schema: 'Pause', required: true, examples: PAUSE_EXAMPLES },
    answer: { status: 201, description: 'In force.', schema: 'PauseAnswer' },
    problems: [...CONTENT_PROBLEMS, 'payment_not_found'],
  },
  {
    method: 'GET',
    path: '/v1/pauses',
    id: 'listPauses',
    tag: 'Operation',
    summary: 'List the pauses in force',
    description:
      'Oldest first, those that Capstan made itself among them: `cause` says why, `reason` what to do.',
    scope: 'read',
    query: pauseListQuery,
    answer: { status: 200, description: 'One page.', schema: 'PauseList' },
    problems: ['validation_failed', 'unavailable'],
  },
  {
    method: 'DELETE',
    path: '/v1/pauses/{id}',
    id: 'liftPause',
    tag: 'Operation',
    summary: 'Lift a pause',
    description: 'What waited for it goes on at once, unless another pause covers it.',
    scope: 'operate',
    pathParameters: { id: 'The `pause.id` of the 201 answer.' },
    answer: { status: 200, description: 'The pause, with who lifted it.', schema: 'PauseAnswer' },
    problems: ['pause_not_found', 'unavailable'],
  },
  {
    method: 'GET',
    path: '/healthz',
    id: 'isAlive',
    tag: 'Operation',
    summary: 'Whether the process answers',
    description: 'For restarts: says nothing about the database or the queue.',
    scope: null,
    answer: { status: 200, description: 'It does.', schema: 'Liveness' },
    problems: [],
  },
  {
    method: 'GET',
    path: '/readyz',
    id: 'isReady',
    tag: 'Operation',
    summary: 'Whether work can be taken',
    description:
      'Without the queue it is `degraded` and nothing is lost; without PostgreSQL, or with a Redis that may drop jobs, it is 503 `not_ready`.',
    scope: null,
    answer: { status: 200, description: '`ready` or `degraded`.', schema: 'Readiness' },
    otherwise: { status: 503, description: '`not_ready`.', schema: 'Readiness' },
    problems: [],
  },
  {
    method: 'GET',
    path: '/metrics',
    id: 'readMetrics',
    tag: 'Operation',
    summary: 'Metrics as Prometheus text',
    description: 'Nothing in them names a caller or a payment.',
    scope: null,
    answer: { status: 200, description: 'Prometheus text.', schema: null },
    problems: [],
  },
];
