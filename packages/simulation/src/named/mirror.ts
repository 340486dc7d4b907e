import type { TestMutation } from './test-mutation.ts';

/** What moves the mirror and what is told of it (H7, H9, M5, M7, M9). */
export const MIRROR_MUTATIONS: readonly TestMutation[] = [
  {
    name: 'one payment that is refused leaves nobody told of those that stand still',
    patches: [
      {
        file: 'shared/src/db/commit-in-halves.ts',
        from: 'if (first === undefined || !isDataRefused(error)) throw error;',
        to: 'if (first === undefined || items.length > 0) throw error;',
      },
    ],
    file: 'services/reconciler/test/mirror.test.ts',
    test: 'a payment that stands still > of which PostgreSQL refuses to keep anything leaves nobody else untold, and is tried again later',
  },
  {
    name: 'one twin that is refused leaves those behind it unwatched',
    patches: [
      {
        file: 'reconciler/src/watch-twins.ts',
        from: 'if (!isItemsFault(error)) throw error;',
        to: 'throw error;',
      },
    ],
    file: 'services/reconciler/test/mirror.test.ts',
    test: 'a delivery that fits no payment > about a twin is watched also behind one that PostgreSQL refuses to keep',
  },
  {
    name: 'a payment that nobody could be told of is due at once again',
    patches: [{ file: 'reconciler/src/notice-overdue.ts', from: 'await putOffOverdue(pool, key);', to: '' }],
    file: 'services/reconciler/test/mirror.test.ts',
    test: 'a payment that stands still > of which PostgreSQL refuses to keep anything leaves nobody else untold, and is tried again later',
  },
  {
    name: 'a command that nobody could be told of is due at once again',
    patches: [
      {
        file: 'reconciler/src/notice-turned-away.ts',
        from: 'await putOffTurnedAway(pool, commandId);',
        to: '',
      },
    ],
    file: 'services/reconciler/test/turned-away.test.ts',
    test: 'one of which PostgreSQL refuses to keep anything leaves nobody else untold, and is tried again later',
  },
  {
    name: 'a companion is mirrored once the read that names it is committed',
    patches: [
      {
        file: 'shared/src/mirror/read-payment.ts',
        from: 'await adoptCompanions(context, companionsOf(read.value));\n    await applyRead(context, before, read.value);',
        to: 'await applyRead(context, before, read.value);\n    await adoptCompanions(context, companionsOf(read.value));',
      },
    ],
    file: 'services/reconciler/test/mirror.test.ts',
    test: 'the companion of a payment that was paid short > is mirrored by the next process where one dies that read the payment for the last time',
  },
  {
    name: 'a comparison mirrors no companion',
    patches: [
      {
        file: 'reconciler/src/unmirrored.ts',
        from: '[told.parentPaymentId, told.raw.relatedPaymentId]',
        to: '[told.parentPaymentId]',
      },
    ],
    file: 'services/reconciler/test/comparison.test.ts',
    test: 'a payment that is not mirrored > and was made beside one of ours that was paid short is mirrored without asking',
  },
  {
    name: 'the companion that a delivery names is forgotten',
    patches: [{ file: 'reconciler/src/apply-delivery.ts', from: 'await adoptNamed(context, told);', to: '' }],
    file: 'services/reconciler/test/mirror.test.ts',
    test: 'the companion of a payment that was paid short > is mirrored by the next process where one dies that applied the delivery',
  },
  {
    name: 'before the first read a delivery of any amount moves the mirror',
    patches: [
      {
        file: 'shared/src/mirror/compare-observation.ts',
        from: 'return mirrorDiffers || !(knowsTotal || isExplained);',
        to: 'return mirrorDiffers;',
      },
    ],
    file: 'packages/shared/test/mirror/compare-observation.test.ts',
    test: 'a delivery > of another amount, before the first read',
  },
  {
    name: 'a repair overtakes a newer read',
    patches: [
      {
        file: 'shared/src/domain/mirror-move.ts',
        from: 'return mirror.isOvertaken && wouldAct ?',
        to: 'return !mirror && wouldAct ?',
      },
    ],
    file: 'services/api/test/discrepancies.test.ts',
    test: 'a contradicted final state > is not repaired with what a move of the mirror overtook: the newer word stays',
  },
  {
    name: 'a read is applied without a look at the version',
    patches: [
      {
        file: 'shared/src/mirror/read-payment.ts',
        from: 'askedAtVersion: before.version',
        to: 'askedAtVersion: null',
      },
    ],
    file: 'services/reconciler/test/mirror.test.ts',
    test: 'a read > that was overtaken moves nothing to a state that may be over, and tells nobody of it',
  },
  {
    name: 'one read that is behind a final state is believed',
    patches: [
      {
        file: 'shared/src/mirror/observe-payment.ts',
        from: 'READS_BEHIND_MAX = 10',
        to: 'READS_BEHIND_MAX = 1',
      },
    ],
    file: 'packages/shared/test/mirror/observe-payment.test.ts',
    test: 'a final state > is read again when a read tells a state before it, and told to a person when reads over time say the same',
  },
  {
    name: 'a delivery is kept with what its signature does not cover',
    patches: [
      {
        file: 'shared/src/provider/conomy/signature.ts',
        from: 'Buffer.from(signedText), signature)',
        to: 'rawBody, signature)',
      },
    ],
    file: 'services/api/test/webhook.test.ts',
    test: 'one signed message is one row, whatever white space and unsigned members it comes with',
  },
  {
    name: 'a delivery that fails by itself is tried for ever',
    patches: [
      {
        file: 'shared/src/db/deliveries.ts',
        from: "result = case when tries + 1 >= $3::integer then 'unreadable'",
        to: "result = case when tries + 1 >= $3::integer + 1000 then 'unreadable'",
      },
      {
        file: 'shared/src/db/deliveries.ts',
        from: 'offer_at = case when tries + 1 >= $3::integer then null',
        to: 'offer_at = case when tries + 1 >= $3::integer + 1000 then null',
      },
    ],
    file: 'services/reconciler/test/count-tries.test.ts',
    test: 'a delivery that fails by itself is tried five times, ever later, and then set aside',
  },
  {
    name: 'nobody reads what a delivery that was set aside is about',
    patches: [
      {
        file: 'shared/src/db/deliveries.ts',
        from: 'if (tries >= TRIES_MAX && paymentKey !== null)',
        to: 'if (tries > 1_000 && paymentKey !== null)',
      },
    ],
    file: 'services/reconciler/test/count-tries.test.ts',
    test: 'what a delivery that was set aside is about is read, so that the mirror is right without it',
  },
  {
    name: 'what was set aside stays so when a person asks for a read',
    patches: [
      {
        file: 'api/src/routes/refresh-payment.ts',
        from: '    await retrySetAside(context.pool, key);\n',
        to: '',
      },
    ],
    file: 'services/api/test/refresh-payment.test.ts',
    test: 'what was set aside of the payment has one more try, and nothing else has',
  },
  {
    name: 'an amount goes out as the number it came as',
    patches: [
      {
        file: 'api/src/answers/payment-answer.ts',
        from: '...withDecimals(payment.snapshot)',
        to: '...payment.snapshot',
      },
    ],
    file: 'services/api/test/answers.test.ts',
    test: 'an amount goes out as a decimal string however Conomy wrote it, in a payment and in a discrepancy',
  },
];
