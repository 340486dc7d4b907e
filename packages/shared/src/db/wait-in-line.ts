/**
 * An item of a FROM clause that has all who lock rows of a table do so in the order in which they came. Row locks alone let
 * those who share one pass whoever waits to change the row: with twenty workers that was for seconds, and had no bound.
 * The rows are locked after it and seen as they are by then.
 */
export function lineFor(table: 'pauses' | 'provider_health', mode: 'share' | 'update'): string {
  const lock = mode === 'share' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  return `(select ${lock}(hashtext('capstan.${table}'))) as line`;
}
