import { isDataRefused } from './sqlstates.ts';

/**
 * Commits a list by `commit`, all of it together. When PostgreSQL refuses what is in it, nothing of it is written, and its
 * halves go on by themselves, one after the other, until what is refused is alone: then `alone` says what becomes of it, and
 * everything beside it is committed. One bad item of n costs about 2 log n more commits.
 *
 * @param commit all or nothing; its results are in the order of the items.
 * @throws what `commit` throws for any other reason, above all that the database cannot be reached; a half before it may be committed.
 */
export async function commitInHalves<I, O>(
  items: readonly I[],
  commit: (items: readonly I[]) => Promise<O[]>,
  alone: (item: I, refusal: Error) => O | Promise<O>,
): Promise<O[]> {
  try {
    return await commit(items);
  } catch (error) {
    const [first] = items;
    if (first === undefined || !isDataRefused(error)) throw error;
    if (items.length === 1) return [await alone(first, error)];
    const half = Math.ceil(items.length / 2);
    const before = await commitInHalves(items.slice(0, half), commit, alone);
    return [...before, ...(await commitInHalves(items.slice(half), commit, alone))];
  }
}
