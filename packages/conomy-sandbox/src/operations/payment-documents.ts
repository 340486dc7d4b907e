import { randomBytes } from 'node:crypto';
import { ConomyError } from '../errors.ts';
import { isoInstant } from '../payment.ts';
import { type Fields, optionalText, requireObject, requireText } from '../read-fields.ts';
import { findPayment } from './find-payment.ts';
import { idOfPath, type Operation } from './operation.ts';
import { Reply } from './reply.ts';

const DOCUMENT_TYPES = ['kyc', 'source_of_funds', 'invoice', 'contract', 'other'];

const PRESIGNED_MS = 15 * 60_000;

const DOCUMENTS_URL = 'https://documents.conomyhq.com/';

/**
 * Registers a document; without a `url` it is still to come. The type may be in capitals, as in the newest recipe, whose
 * answer (shape `partial`) is about the document alone: its `id` and `status` are not the payment's.
 */
export const attachDocument: Operation = {
  name: 'documents',
  method: 'POST',
  path: '/sandbox/payments/:id/documents',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id, body }) => {
    const payment = findPayment(sandbox, id);
    const fields = requireObject(body, 'the body');
    const type = requireDocumentType(fields);
    const url = optionalText(fields, 'url');
    const contentType = optionalText(fields, 'contentType');
    const status = url === undefined ? 'PENDING_UPLOAD' : 'UPLOADED';
    if (payment.documentationStatus !== 'APPROVED') payment.documentationStatus = status;
    payment.documents = (payment.documents ?? 0) + 1;
    if (sandbox.settings().shapes.writes === 'partial') {
      return new Reply(201, { id: randomBytes(12).toString('hex'), paymentId: id, type, status });
    }
    const uploadedAt = isoInstant(sandbox.now());
    return new Reply(201, {
      paymentId: id,
      status: payment.status,
      documentationStatus: payment.documentationStatus,
      document: { type, url, contentType, uploadedAt, status },
    });
  },
};

/** The form to upload with. What is uploaded there never reaches the sandbox: register the `canonicalUrl`. */
export const presignDocument: Operation = {
  name: 'documents',
  method: 'POST',
  path: '/sandbox/payments/:id/documents/presign',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id, body }) => {
    findPayment(sandbox, id);
    const fields = requireObject(body, 'the body');
    const type = requireDocumentType(fields);
    const contentType = requireText(fields, 'contentType');
    const nowMs = sandbox.now();
    const key = `payments/${id}/${type.toLowerCase()}/${isoInstant(nowMs).replace(/[-:]|\.\d+/g, '')}`;
    return {
      url: DOCUMENTS_URL,
      fields: { 'Content-Type': contentType, key },
      canonicalUrl: DOCUMENTS_URL + key,
      expiresAt: isoInstant(nowMs + PRESIGNED_MS),
    };
  },
};

function requireDocumentType(fields: Fields): string {
  const type = requireText(fields, 'type');
  if (DOCUMENT_TYPES.includes(type.toLowerCase())) return type;
  throw new ConomyError('11', `type "${type}" must be one of ${DOCUMENT_TYPES.join(', ')}`);
}
