/**
 * What may be logged of an error about a job of the queue door: its kind and where it arose. Messages quote what they
 * stumbled over, JSON and PostgreSQL alike, and that is the producer's data.
 */
export function withoutText(error: unknown): { error: string; code?: string; at: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, at: [] };
  const { name, stack = '' } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frames = stack.split('\n').map((line) => line.trim());
  return { error: name, ...code, at: frames.filter((line) => /^at .*:\d+:\d+\)?$/.test(line)).slice(0, 8) };
}
