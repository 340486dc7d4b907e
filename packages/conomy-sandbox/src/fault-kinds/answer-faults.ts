import { ConomyError, errorBody } from '../errors.ts';
import { Reply } from '../operations/reply.ts';
import { ALL_WRITES, after, type FaultBehaviour, refuse, refuseLater } from './behaviour.ts';
import { GATEWAY_PAGE } from './wire-faults.ts';

/** Refusals and failures in good HTTP. */
export const ANSWER_FAULTS = {
  /** The effect happens and the answer says that the provider failed. */
  'commit-then-500': { site: 'call', answer: after(() => refuse('01', 'unexpected error')) },
  /** The effect happens and shows in reads and lists only after `delayMs` (3,000); the answer says there is no such thing. */
  'commit-then-404': refusedWhileLagging(() => refuse('31', 'not found')),
  /** As `commit-then-404`; the answer says that it exists already. */
  'commit-then-409': refusedWhileLagging(() => refuse('13', 'it exists already')),
  /** As `commit-then-404`; the answer is a 412, which no document knows. */
  'commit-then-412': refusedWhileLagging(() => preconditionFailed()),
  /** As `commit-then-404`; the answer says that a precondition does not hold. */
  'commit-then-422': refusedWhileLagging(() => refuse('21', 'a precondition does not hold')),
  /** No effect; the answer comes after `delayMs`. */
  '500': { site: 'call', answer: ({ delayMs }) => refuseLater(delayMs, '01', 'unexpected error') },
  /** No effect; a gateway says so with a page of HTML. */
  '503': {
    site: 'call',
    answer: ({ wire }) => wire.send({ status: 503, contentType: 'text/html', body: GATEWAY_PAGE }),
  },
  /** No effect; this tenant may not do it. */
  '403': { site: 'call', answer: () => refuse('43', 'the operation is forbidden') },
  /** No effect: the route is not there, as the documents name some that others do not. */
  '404': { site: 'call', answer: ({ delayMs }) => refuseLater(delayMs, '31', 'not found') },
  /** No effect; the provider says that it exists already. */
  '409': { site: 'call', answer: () => refuse('13', 'it exists already') },
  /** No effect; a 412, which no document knows. */
  '412': { site: 'call', answer: () => preconditionFailed() },
  /** No effect; a precondition does not hold. */
  '422': { site: 'call', answer: () => refuse('21', 'a precondition does not hold') },
  /** No effect; `delayMs` (1,000) is told to the caller as `Retry-After`, in whole seconds. */
  '429': {
    site: 'call',
    answer: ({ delayMs = 1_000 }) =>
      refuse('32', 'too many requests', { 'retry-after': String(Math.ceil(delayMs / 1_000)) }),
  },
  /** No effect and no word of when to come back. */
  '429-without-retry-after': { site: 'call', answer: () => refuse('32', 'too many requests') },
  '501': { site: 'call', answer: ({ delayMs }) => refuseLater(delayMs, '42', 'not supported') },
  /** No effect: every token handed out so far has ended. */
  'revoked-token': {
    site: 'call',
    answer: ({ sandbox }) => {
      sandbox.access.revokeTokens();
      return refuse('41', 'the access token was revoked');
    },
  },
} as const satisfies Record<string, FaultBehaviour>;

/** What the write did is there, hidden, when the answer denies it; a refusal of the operation's own stays as it is. */
function refusedWhileLagging(deny: () => unknown) {
  return {
    site: 'call',
    operations: ALL_WRITES,
    answer: ({ sandbox, request, run, delayMs = 3_000 }) => {
      sandbox.view.holdBack(request.id, delayMs, () => run());
      return deny();
    },
  } as const satisfies FaultBehaviour;
}

function preconditionFailed(): Reply {
  const refusal = new ConomyError('21', 'a precondition of the request failed (scripted fault)');
  return new Reply(412, { ...errorBody(refusal, 'current'), status: 412 });
}
