import { registerHooks } from 'node:module';
import { findMutation } from './mutations.ts';

/** Loaded before everything else (`--import`): changes source text while it is read, and nothing on disk. */
const { patches } = findMutation(process.env.CAPSTAN_MUTATION ?? '');
const open = new Set(patches);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    let source: string | undefined;
    for (const patch of patches.filter(({ file }) => url.endsWith(`/${file}`))) {
      source ??= String(Buffer.from(loaded.source as Uint8Array));
      if (source.split(patch.from).length !== 2)
        throw new Error(`${patch.file} does not hold exactly once: ${patch.from}`);
      source = source.replace(patch.from, () => patch.to);
      open.delete(patch);
    }
    return source === undefined ? loaded : { ...loaded, source };
  },
});

process.on('exit', (code) => {
  if (code === 0 && open.size > 0) {
    process.stderr.write(`never loaded: ${[...open].map(({ file }) => file).join(', ')}\n`);
    process.exitCode = 2;
  }
});
