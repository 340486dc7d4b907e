/** A fixture that has been handed to a test and not been given back. */
interface OpenFixture {
  name: string;
  close: () => Promise<void>;
}

const open = new Set<OpenFixture>();

/**
 * Notes a fixture that its test must close, and returns the closing function: it closes once, however
 * often it is called. What is still open at the end of the test file fails it (see fail-on-leaks.ts).
 */
export function registerFixture(name: string, close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const fixture = {
    name,
    close: () => {
      open.delete(fixture);
      closed ??= close();
      return closed;
    },
  };
  open.add(fixture);
  return fixture.close;
}

/**
 * Closes what tests left open.
 * @throws naming each of them, so that the leak is mended and not only cleaned up.
 */
export async function closeLeakedFixtures(): Promise<void> {
  // Newest first: what was opened later uses what was opened before it.
  const leaked = [...open].reverse();
  for (const fixture of leaked) await Promise.allSettled([fixture.close()]);
  if (leaked.length === 0) return;
  throw new Error(
    `Left open by this file: ${leaked.map(({ name }) => name).join(', ')}. Close them in afterAll`,
  );
}
