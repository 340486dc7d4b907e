import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pool } from '../../src/db/pool.ts';
import { storableJson, storableText } from '../../src/db/storable-text.ts';
import { openDatabaseFixture } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture({ max: 1 });
  pool = fixture.pool;
});
afterAll(() => fixture.close());

/** What a parser of JSON can hand over and a database may not like: NUL, halves of pairs, and what looks like them. */
const awkward = fc.string({
  unit: fc.constantFrom(
    '\0',
    '\\',
    '\\\\',
    'u0000',
    'ud800',
    '\ud83d',
    '\ude00',
    '\u{1f600}',
    '"',
    '\n',
    '\u2028',
    'a',
    'é',
  ),
});

/** The text as it can be kept: what PostgreSQL cannot hold becomes U+FFFD. */
function kept(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

describe('JSON for a jsonb column', () => {
  test('is taken whatever characters it holds, and loses only those PostgreSQL cannot keep', async () => {
    await fc.assert(
      fc.asyncProperty(awkward, awkward, async (name, text) => {
        const { rows } = await pool.query('select $1::jsonb as value', [
          storableJson({ [`k${name}`]: [text, { text }] }),
        ]);
        expect(rows[0].value).toEqual({ [`k${kept(name)}`]: [kept(text), { text: kept(text) }] });
      }),
      { numRuns: 300 },
    );
  });

  test('is unchanged where nothing stands in the way', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('\\u'));
        expect(storableJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });
});

test('text for a text column is taken whatever characters it holds', async () => {
  await fc.assert(
    fc.asyncProperty(awkward, async (text) => {
      const { rows } = await pool.query('select $1::text as value', [storableText(text)]);
      expect(rows[0].value).toBe(kept(text));
    }),
    { numRuns: 100 },
  );
});
