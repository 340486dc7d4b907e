import { createHash, randomBytes } from 'node:crypto';

const PROCESS_PART = randomBytes(5).toString('hex');

let counter = randomBytes(3).readUIntBE(0, 3);

/** A new id in the provider's form: 24 hex digits (seconds, process, counter). */
export function newObjectId(nowMs: number): string {
  counter = (counter + 1) % 0x1000000;
  const seconds = Math.floor(nowMs / 1000) % 0x100000000;
  return hex(seconds, 8) + PROCESS_PART + hex(counter, 6);
}

/** The internal id of an account: the same for a number in every run, so that a reset changes no id. */
export function accountIdOf(accountNumber: string): string {
  return createHash('sha256').update(accountNumber).digest('hex').slice(0, 24);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
