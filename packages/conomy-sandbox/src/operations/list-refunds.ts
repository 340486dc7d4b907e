import type { Listed } from '../filled-rows.ts';
import { paymentBody } from '../payment.ts';
import { refundRow, refundSummary } from '../refunds.ts';
import type { Sandbox } from '../sandbox.ts';
import { enveloped } from './envelopes.ts';
import { findShownPayment } from './find-payment.ts';
import { idOfPath, type Operation, type OperationRequest } from './operation.ts';
import { listed, readFilter, readSort, select } from './payment-query.ts';
import { given, readPage, readTimeWindow } from './read-query.ts';

/** The newest spelling, over all parents or one. `dateFrom`/`dateTo` of an older page are not played. */
export const listRefunds: Operation = {
  name: 'refunds',
  method: 'GET',
  path: '/sandbox/refunds',
  access: 'token',
  run: answerList,
};

/** An older spelling of the same list. */
export const listRefundsSingular: Operation = { ...listRefunds, path: '/sandbox/refund' };

function answerList(sandbox: Sandbox, { query }: OperationRequest): unknown {
  const { clock, shapes } = sandbox.settings();
  const parentId = given(query, 'parentPaymentId');
  const all = parentId === undefined ? listed(sandbox) : sandbox.view.childrenOf(parentId);
  const isWanted = readFilter(query);
  const page = readPage(query);
  const isRefund = (payment: Listed) => payment.type === 'REFUND' && isWanted(payment);
  const { results, total } = select(all, readTimeWindow(query, clock), isRefund, readSort(query), page);
  const shape = shapes.refunds;
  if (shape === 'total') return { total, refunds: results.map(refundRow) };
  return enveloped(shape, page, results.map(paymentBody), total);
}

/** The refunds of one parent with their sums; the path is documented in both spellings. */
export const listRefundsOfPayment: Operation = {
  name: 'payment-refunds',
  method: 'GET',
  path: '/sandbox/payments/:id/refunds',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id }) => {
    const parent = findShownPayment(sandbox, id);
    const children = sandbox.view.childrenOf(id).filter(({ type }) => type === 'REFUND');
    return { parentId: id, refunds: children.map(refundRow), summary: refundSummary(parent, children) };
  },
};

export const listRefundsOfPaymentSingular: Operation = {
  ...listRefundsOfPayment,
  path: '/sandbox/payments/:id/refund',
};
