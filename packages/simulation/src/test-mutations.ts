import { COMMAND_MUTATIONS } from './named/commands.ts';
import { CONCLUSION_MUTATIONS } from './named/conclusions.ts';
import { CREATE_MUTATIONS } from './named/creates.ts';
import { FEED_MUTATIONS } from './named/feeds.ts';
import { MIRROR_MUTATIONS } from './named/mirror.ts';
import { PROOF_MUTATIONS } from './named/proof.ts';
import { REFUND_MUTATIONS } from './named/refunds.ts';
import type { TestMutation } from './named/test-mutation.ts';

/** Single changes of the code, each with the test that has to notice it. */
export const TEST_MUTATIONS: readonly TestMutation[] = [
  ...CREATE_MUTATIONS,
  ...REFUND_MUTATIONS,
  ...COMMAND_MUTATIONS,
  ...CONCLUSION_MUTATIONS,
  ...MIRROR_MUTATIONS,
  ...FEED_MUTATIONS,
  ...PROOF_MUTATIONS,
];

export function findTestMutation(name: string): TestMutation {
  const mutation = TEST_MUTATIONS.find((known) => known.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`);
  return mutation;
}
