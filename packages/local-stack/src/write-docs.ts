import { readFile, writeFile } from 'node:fs/promises';
import { describeDiscrepancies } from '@capstan/shared/domain/describe-discrepancies';
import { describeErrors } from '@capstan/shared/domain/describe-errors';
import { describeLifecycles } from '@capstan/shared/domain/describe-lifecycles';
import { describeRails } from '@capstan/shared/domain/describe-rails';
import { describeConfiguration } from './describe-configuration.ts';

/** The pages of docs/ that are made from code, by their file names. */
const PAGES: Readonly<Record<string, () => string>> = {
  'configuration.md': describeConfiguration,
  'discrepancies.md': describeDiscrepancies,
  'errors.md': describeErrors,
  'rails.md': describeRails,
  'state-machines.md': describeLifecycles,
};

async function readPage(file: URL): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

const [option, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (option !== undefined && option !== '--check')) {
  console.error(
    'usage: write-docs [--check]   writes the pages of docs/ that are made from code, or only compares them',
  );
  process.exit(2);
}
for (const [name, describe] of Object.entries(PAGES)) {
  const file = new URL(`../../../docs/${name}`, import.meta.url);
  const page = describe();
  if (option !== '--check') await writeFile(file, page);
  else if ((await readPage(file)) !== page) {
    console.error(`docs/${name} is not what the code says. Run \`pnpm docs:write\` and commit the file.`);
    process.exitCode = 1;
  }
}
