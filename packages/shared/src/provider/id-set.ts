import { hash } from 'node:crypto';

const SLOTS_MIN = 1_024;
const BYTES_EACH = 8;

/**
 * Ids that were seen, eight bytes each, so that a list of a million rows is walked in a few megabytes and its place can be
 * kept in a row. Two ids may, once in 10^19 pairs, count as one: nothing may be taken as seen for good from that alone.
 */
export class IdSet {
  #slots = new BigUint64Array(SLOTS_MIN);
  #size = 0;

  /** @param bytes what `toBytes` gave. */
  static fromBytes(bytes: Buffer): IdSet {
    const ids = new IdSet();
    for (let at = 0; at + BYTES_EACH <= bytes.length; at += BYTES_EACH)
      ids.#insert(bytes.readBigUInt64LE(at));
    return ids;
  }

  get size(): number {
    return this.#size;
  }

  has(id: string): boolean {
    return this.#slots[this.#slotOf(digestOf(id))] !== 0n;
  }

  /** @returns whether it was not there before. */
  add(id: string): boolean {
    return this.#insert(digestOf(id));
  }

  toBytes(): Buffer {
    const bytes = Buffer.alloc(this.#size * BYTES_EACH);
    let at = 0;
    for (const digest of this.#slots) if (digest !== 0n) at = bytes.writeBigUInt64LE(digest, at);
    return bytes;
  }

  #insert(digest: bigint): boolean {
    const slot = this.#slotOf(digest);
    if (this.#slots[slot] !== 0n) return false;
    this.#slots[slot] = digest;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #grow(): void {
    const digests = this.#slots;
    this.#slots = new BigUint64Array(digests.length * 2);
    for (const digest of digests) if (digest !== 0n) this.#slots[this.#slotOf(digest)] = digest;
  }

  /** Where the digest stands, or the free slot for it; half of the slots are free at least. */
  #slotOf(digest: bigint): number {
    const mask = this.#slots.length - 1;
    let slot = Number(digest & BigInt(mask));
    while (this.#slots[slot] !== 0n && this.#slots[slot] !== digest) slot = (slot + 1) & mask;
    return slot;
  }
}

/** Never 0, which marks a free slot. */
function digestOf(id: string): bigint {
  return hash('sha1', id, 'buffer').readBigUInt64LE(0) || 1n;
}
