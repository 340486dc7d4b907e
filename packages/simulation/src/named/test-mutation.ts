import type { Patch } from '../patch.ts';

/** One change of the code that a named test has to notice. */
export interface TestMutation {
  name: string;
  patches: readonly Patch[];
  /** From the root of the repository. */
  file: string;
  /** The test that has to fail: its name, with those of its groups before it: `a group > its test`. */
  test: string;
}
