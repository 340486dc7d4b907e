import { ConomyError } from '../errors.ts';
import { isoInstant, type Payment } from '../payment.ts';
import { optionalText, requireObject, requireText } from '../read-fields.ts';
import { resumedStatus } from '../review.ts';
import type { Sandbox } from '../sandbox.ts';
import { findPayment } from './find-payment.ts';
import { idOfPath, type Operation, type OperationRequest } from './operation.ts';
import { Reply } from './reply.ts';

/** 202 when the payment is held now; 200 when it already was, or when its documents let it pass. */
export const requestReview: Operation = {
  name: 'review',
  method: 'POST',
  path: '/sandbox/payments/:id/requestReview',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id, body }) => {
    const payment = findPayment(sandbox, id);
    const fields = requireObject(body ?? {}, 'the body');
    const reason = optionalText(fields, 'reason') ?? 'operator_flag';
    const alreadyFlagged = payment.status === 'REQUIRES_REVIEW';
    const bypassed = payment.documentationStatus === 'APPROVED' && fields.force !== true;
    if (!alreadyFlagged && !bypassed) flag(sandbox, payment, reason);
    const { status, documentationStatus, reviewReason = reason } = payment;
    const answer = {
      paymentId: id,
      status,
      documentationStatus,
      reason: reviewReason,
      alreadyFlagged,
      bypassed,
    };
    return new Reply(alreadyFlagged || bypassed ? 200 : 202, answer);
  },
};

/** Held again, its documents are asked for again. */
function flag({ payments }: Sandbox, payment: Payment, reason: string): void {
  payments.move(payment, 'REQUIRES_REVIEW');
  payment.documentationStatus = 'PENDING_UPLOAD';
  payment.reviewReason = reason;
}

export const resolveReview: Operation = {
  name: 'review',
  method: 'POST',
  path: '/sandbox/payments/:id/resolveReview',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id, body }) => {
    assertMayDecide(sandbox);
    const payment = findPayment(sandbox, id);
    const decision = requireText(requireObject(body, 'the body'), 'decision');
    if (decision !== 'APPROVED' && decision !== 'REJECTED') {
      throw new ConomyError('11', `decision "${decision}" must be APPROVED or REJECTED`);
    }
    if (payment.status !== 'REQUIRES_REVIEW') {
      throw new ConomyError('21', `payment ${id} is ${payment.status}: it is not in review`);
    }
    const { settings, payments, now } = sandbox;
    payments.move(payment, decision === 'REJECTED' ? 'FAILED' : resumedStatus(payment, settings().review));
    const { status, documentationStatus } = payment;
    const reviewedAt = isoInstant(now());
    return { paymentId: id, status, documentationStatus, reviewDecision: decision, reviewedAt };
  },
};

function assertMayDecide({ settings }: Sandbox): void {
  const { decisions } = settings().review;
  if (decisions === 'forbidden') throw new ConomyError('43', 'reviews are decided by the provider');
  if (decisions === 'unimplemented') throw new ConomyError('42', 'there is no operation to decide a review');
}

export const markUnsettled: Operation = {
  name: 'unsettle',
  method: 'POST',
  path: '/sandbox/payments/:id/markUnsettled',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, request) => {
    const payment = findPayment(sandbox, request.id);
    const alreadyFlagged = payment.status === 'UNSETTLED';
    if (!alreadyFlagged) unsettle(sandbox, payment, request);
    const { id, status, unsettledReason, enteredAtMs } = payment;
    const unsettledAt = isoInstant(enteredAtMs.UNSETTLED ?? sandbox.now());
    const answer = { paymentId: id, status, unsettledAt, unsettledReason, alreadyFlagged };
    return new Reply(alreadyFlagged ? 200 : 202, answer);
  },
};

function unsettle({ payments }: Sandbox, payment: Payment, { body }: OperationRequest): void {
  const reason = requireText(requireObject(body, 'the body'), 'reason');
  if (payment.status !== 'RECEIVED') {
    throw new ConomyError('21', `payment ${payment.id} is ${payment.status}: only RECEIVED can be marked`);
  }
  payment.unsettledReason = reason;
  payments.move(payment, 'UNSETTLED');
}

/** The older spellings of the same paths. */
export const OLDER_REVIEW_PATHS: readonly Operation[] = [
  { ...requestReview, path: '/sandbox/payments/:id/request-review' },
  { ...resolveReview, path: '/sandbox/payments/:id/resolve-review' },
  { ...markUnsettled, path: '/sandbox/payments/:id/mark-unsettled' },
];
