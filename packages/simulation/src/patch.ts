/** A piece of source that is replaced; it must be there exactly once. */
export interface Patch {
  /** How the file's URL ends. */
  file: string;
  from: string;
  to: string;
}

export function isPatched(url: string, patches: readonly Patch[]): boolean {
  return patches.some(({ file }) => url.endsWith(`/${file}`));
}

/**
 * The source of the file at `url` with the patches that are for it.
 * @throws when a piece to be replaced is not there exactly once: then the mutation has to follow the code.
 */
export function applyPatches(url: string, source: string, patches: readonly Patch[]): string {
  return patches
    .filter(({ file }) => url.endsWith(`/${file}`))
    .reduce((text, { file, from, to }) => {
      if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly once: ${from}`);
      return text.replace(from, () => to);
    }, source);
}
