import { parkOpenAttempts } from './attempts.ts';
import type { CommandProblem } from './commands.ts';
import type { PoolClient } from './pool.ts';
import { storableJson } from './storable-text.ts';

/** Why the commands of a younger second key are parked. */
export const SECOND_KEY: CommandProblem = {
  code: 'payment_known_under_other_key',
  detail:
    'The Conomy payment of this command belongs to another key of ours (duplicateOf). Send what is still wanted to that payment, then cancel this command.',
};

/**
 * Our key `key` turned out to be the Conomy payment that is mirrored under another key already. The key that was
 * accepted first keeps it, and its refunds. The younger one names the older from then on, and what it has at work is parked with
 * `problem`: its epoch rises, so that a capturer in the middle of it can write nothing more.
 * @returns whether the payment is for `key` to have; then its id is free to be bound.
 */
export async function settleSecondKey(
  tx: PoolClient,
  key: string,
  conomyId: string,
  problem: CommandProblem,
): Promise<boolean> {
  const { rows } = await tx.query<{ key: string; isOldest: boolean }>(
    `with held as (
       select key, accepted_at from payments where key = $1::uuid or conomy_id = $2::text order by key for update
     )
     select key, key = (select key from held order by accepted_at, key limit 1) as "isOldest" from held`,
    [key, conomyId],
  );
  const other = rows.find((row) => row.key !== key);
  if (!other) return true;
  const [older, younger] = other.isOldest ? [other.key, key] : [key, other.key];
  await tx.query(
    'update payments set conomy_id = null, duplicate_of = $2::uuid, offer_at = null where key = $1::uuid',
    [younger, older],
  );
  await tx.query('update payments set parent_key = $2::uuid where parent_key = $1::uuid', [younger, older]);
  const parked = await tx.query<{ id: string }>(
    `update commands set status = 'parked', problem = $2::jsonb, claim_epoch = claim_epoch + 1, claimed_by = null,
       claimed_until = null, offer_at = null, waits_for = null
     where payment_key = $1::uuid and status in ('accepted', 'executing', 'unresolved')
     returning id`,
    [younger, storableJson(problem)],
  );
  for (const { id } of parked.rows) await parkOpenAttempts(tx, id);
  return older === key;
}
