import { ID_UNUSABLE } from '../payment-provider.ts';
import { findUnusableId } from './schema.ts';

/** The fault of an answer that should tell what was just made: it is told under an id of which nothing can be asked, or `otherwise`. */
export function faultOfNew(otherwise: string): (json: unknown) => string {
  return (json) => (findUnusableId(json) === null ? otherwise : ID_UNUSABLE);
}
