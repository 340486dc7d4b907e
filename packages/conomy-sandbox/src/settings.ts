import type { FeeRule } from './fees.ts';
import { DEFAULT_TIMERS, type Timers } from './payment-timers.ts';
import type { WebhookSettings } from './webhooks.ts';
import type { ClockSettings } from './zone.ts';

/** Whether payers of pay-in rails pay by themselves, or only when a control route plays them. */
export const PAYERS = ['automatic', 'manual'] as const;

/** Where an approved review goes on: the documents name all three (GATED: where it was interrupted). */
export const REVIEW_RESUMES_AT = ['CAPTURED', 'AUTHORIZED', 'GATED'] as const;

/** How the operation that decides reviews answers; the documents disagree on whether an integrator may. */
export const REVIEW_DECISIONS = ['allowed', 'forbidden', 'unimplemented'] as const;

export interface ReviewRules {
  /** Currency → amount in major units from which a capture is held for review; none by default. */
  thresholds: Readonly<Record<string, string>>;
  resumesAt: (typeof REVIEW_RESUMES_AT)[number];
  decisions: (typeof REVIEW_DECISIONS)[number];
}

/** The documented spellings of one answer; the first is the default. */
export const ANSWER_SHAPES = {
  /** `cursor`: `{count,next,previous,total}`; `offset`: `{limit,offset,total}`. */
  payments: ['cursor', 'offset'],
  /** As `payments`; `total`: `{total,refunds}` without an envelope. */
  refunds: ['cursor', 'offset', 'total'],
  /** `documented`: one object by number and a nested page otherwise; the others hold for every question. */
  accounts: ['documented', 'page', 'array'],
  /** `full`: the whole payment; `partial`: only the few fields of the samples. Holds for writes. */
  writes: ['full', 'partial'],
  /** `current`: code and type; `older`: `{statusCode,error,message}`; `third`: `{error:{type,info},message}`. */
  errors: ['current', 'older', 'third'],
} as const;

export type AnswerShapes = { [K in keyof typeof ANSWER_SHAPES]: (typeof ANSWER_SHAPES)[K][number] };

/** What a rail takes at least and at most, in whole major units. */
export interface RailLimits {
  minAmount?: string | undefined;
  maxAmount?: string | undefined;
}

/** How the simulated tenant is set up; all of it can change while the sandbox runs. */
export interface SandboxSettings {
  timers: Timers;
  webhook: WebhookSettings;
  payer: (typeof PAYERS)[number];
  fees: readonly FeeRule[];
  limits: Readonly<Record<string, RailLimits>>;
  review: ReviewRules;
  shapes: AnswerShapes;
  clock: ClockSettings;
}

/** What is left out stays; `fees` and `limits` are replaced as a whole. */
export interface SettingsChanges {
  timers?: Changes<Timers>;
  webhook?: Changes<WebhookSettings>;
  payer?: SandboxSettings['payer'] | undefined;
  fees?: SandboxSettings['fees'] | undefined;
  limits?: SandboxSettings['limits'] | undefined;
  review?: Changes<ReviewRules>;
  shapes?: Changes<AnswerShapes>;
  clock?: Changes<ClockSettings>;
}

type Changes<T> = { [K in keyof T]?: T[K] | undefined } | undefined;

const DEFAULT_SETTINGS: SandboxSettings = {
  timers: DEFAULT_TIMERS,
  webhook: { url: '', secret: '', form: 'body' },
  payer: 'automatic',
  fees: [],
  limits: {},
  review: { thresholds: {}, resumesAt: 'CAPTURED', decisions: 'allowed' },
  shapes: {
    payments: 'cursor',
    refunds: 'cursor',
    accounts: 'documented',
    writes: 'full',
    errors: 'current',
  },
  clock: { utcOffset: '+00:00', instants: 'offset', aheadMs: 0 },
};

export function startSettings(changes: SettingsChanges): SandboxSettings {
  return changeSettings(DEFAULT_SETTINGS, changes);
}

export function changeSettings(settings: SandboxSettings, changes: SettingsChanges): SandboxSettings {
  return {
    timers: merge(settings.timers, changes.timers),
    webhook: merge(settings.webhook, changes.webhook),
    payer: changes.payer ?? settings.payer,
    fees: changes.fees ?? settings.fees,
    limits: changes.limits ?? settings.limits,
    review: merge(settings.review, changes.review),
    shapes: merge(settings.shapes, changes.shapes),
    clock: merge(settings.clock, changes.clock),
  };
}

/** `undefined` says nothing, `null` is a value. */
function merge<T extends object>(base: T, changes: Changes<T>): T {
  const given = Object.entries(changes ?? {}).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(given) };
}
