import { registerHooks } from 'node:module';
import { findMutation } from './mutations.ts';
import { applyPatches, isPatched } from './patch.ts';

/** Loaded before everything else (`--import`): changes source text while it is read, and nothing on disk. */
const { patches } = findMutation(process.env.CAPSTAN_MUTATION ?? '');
const open = new Set(patches.map(({ file }) => file));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!isPatched(url, patches)) return loaded;
    for (const file of open) if (url.endsWith(`/${file}`)) open.delete(file);
    return {
      ...loaded,
      source: applyPatches(url, String(Buffer.from(loaded.source as Uint8Array)), patches),
    };
  },
});

process.on('exit', (code) => {
  if (code === 0 && open.size > 0) {
    process.stderr.write(`never loaded: ${[...open].join(', ')}\n`);
    process.exitCode = 2;
  }
});
