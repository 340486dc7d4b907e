import type { PoolClient } from 'pg';
import type { ReadingProcess } from './scans.ts';
import { ANSWERED_GAP_MS_MAX } from './unknown-attempts.ts';

/** What a read before a refund may lack. */
export type VainReadLack = 'whole_list' | 'settled_status';

/**
 * Counts a read before a refund that was answered and told too little to go on; it starts anew when another thing is
 * lacking. They are counted, not timed, since each may be made by another process.
 * @returns whether that was one too many; then the next one is the first again.
 */
export async function countVainRead(
  tx: PoolClient,
  commandId: string,
  lack: VainReadLack,
  readsMax: number,
): Promise<boolean> {
  const { rows } = await tx.query<{ vain: number }>(
    `update commands set vain_reads_lack = $2::text,
       vain_reads = mod(case when vain_reads_lack = $2::text then vain_reads else 0 end + 1, $3::integer)
     where id = $1::uuid returning vain_reads as vain`,
    [commandId, lack, readsMax],
  );
  return rows[0]?.vain === 0;
}

/**
 * Notes a read before any other step that was answered and did not tell the payment.
 * @returns how many there were in a row, and for how long by the clock of this process, which alone counts for it.
 */
export async function timeVainRead(
  tx: PoolClient,
  commandId: string,
  { process, processMs }: ReadingProcess,
): Promise<{ reads: number; forMs: number }> {
  const { rows } = await tx.query<{ reads: number; forMs: number }>(
    `update commands c set vain_reads = vain_reads + 1,
       vain_spans = coalesce(vain_spans, '{}') || jsonb_build_object($2::text, jsonb_build_object(
         'atMs', $3::float8,
         'forMs', coalesce((vain_spans->$2::text->>'forMs')::float8
           + least($3::float8 - (vain_spans->$2::text->>'atMs')::float8, $4::float8), 0)
       ))
     where id = $1::uuid
     returning vain_reads as reads, (vain_spans->$2::text->>'forMs')::float8 as "forMs"`,
    [commandId, process, processMs, ANSWERED_GAP_MS_MAX],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`command ${commandId} has no row`);
  return row;
}

/** A read told all there was to know, or a person decides: the next one in vain is the first again. */
export async function forgetVainReads(tx: PoolClient, commandId: string): Promise<void> {
  await tx.query(
    'update commands set vain_reads = 0, vain_spans = null where id = $1::uuid and vain_reads > 0',
    [commandId],
  );
}
