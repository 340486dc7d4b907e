// The catalogue as a function: every failure has exactly one behaviour, and none of them risks money.
import { describe, expect, it } from 'vitest';
import { OPERATIONS, type Operation } from '../../../src/domain/payment-command.ts';
import {
  type Behaviour,
  classifyFailure,
  ERROR_CATALOGUE,
  findCatalogueRow,
} from '../../../src/provider/conomy/error-catalogue.ts';
import type { ProviderFailure } from '../../../src/provider/payment-provider.ts';

const STAGES = ['not_sent', 'no_clear_answer', 'answered'] as const;
const BEHAVIOURS: readonly Behaviour[] = ['retry', 'credentials', 'unknown', 'look', 'look_again', 'reject'];

function* everyFailure(): Generator<[Operation, ProviderFailure]> {
  const codes = [undefined, '01', '02', '11', '12', '13', '14', '21', '31', '32', '41', '42', '43'];
  const unlisted = ['00', '19', '29', '39', '49', '99', 'x', ''];
  const types = [
    undefined,
    'serverError',
    'alreadyExist',
    'failedPrecondition',
    'tooManyRequests',
    'bad_request',
  ];
  const statuses = [undefined, ...Array.from({ length: 500 }, (_, index) => 100 + index)];
  for (const operation of OPERATIONS) {
    for (const stage of STAGES) {
      for (const code of [...codes, ...unlisted]) {
        for (const type of types) {
          for (const httpStatus of statuses) {
            yield [operation, { stage, reason: `http_${httpStatus}`, code, type, httpStatus }];
          }
        }
      }
    }
  }
}

describe('every failure', () => {
  it('has exactly one behaviour, and no unclear answer leads to a resend or a rejection', () => {
    for (const [operation, failure] of everyFailure()) {
      const behaviour = classifyFailure(operation, failure);
      if (!BEHAVIOURS.includes(behaviour)) expect.fail(`${behaviour} for ${JSON.stringify(failure)}`);
      const { stage, httpStatus = 0 } = failure;
      const unclear =
        stage === 'no_clear_answer' || (stage === 'answered' && httpStatus >= 500 && httpStatus !== 501);
      if (unclear && behaviour !== 'unknown') expect.fail(`${behaviour} for ${JSON.stringify(failure)}`);
    }
  });

  it('a write is sent again only when nothing was sent or the rate limit turned it away', () => {
    for (const [operation, failure] of everyFailure()) {
      if (classifyFailure(operation, failure) !== 'retry' || failure.stage === 'not_sent') continue;
      const { code, type, httpStatus } = failure;
      const limited = code === '32' || type === 'tooManyRequests' || httpStatus === 429;
      if (!limited) expect.fail(`retry for ${JSON.stringify(failure)}`);
    }
  });

  it('each row decides about some failure and says why in one sentence', () => {
    const deciding = new Set(
      [...everyFailure()].map(([operation, failure]) => findCatalogueRow(operation, failure)),
    );
    const refused = { stage: 'not_sent', reason: 'credentials_refused' } as const;
    deciding.add(findCatalogueRow('create', refused));
    for (const type of [
      'unknown',
      'invalidParam',
      'missingParam',
      'parsingResource',
      'notFound',
      'unauthorized',
    ]) {
      deciding.add(findCatalogueRow('create', { stage: 'answered', reason: 'x', type }));
    }
    for (const type of ['unimplemented', 'forbiddenOperation']) {
      deciding.add(findCatalogueRow('create', { stage: 'answered', reason: 'x', type }));
    }
    for (const type of ['unimplemented', 'notFound']) {
      deciding.add(findCatalogueRow('refund', { stage: 'answered', reason: 'x', type }));
      deciding.add(findCatalogueRow('capture', { stage: 'answered', reason: 'x', type }));
    }
    for (const row of ERROR_CATALOGUE) {
      expect(row.why).toMatch(/^[A-Z].*\.$/);
      if (!deciding.has(row)) expect.fail(`never decides: ${JSON.stringify(row)}`);
    }
  });
});

describe('the provider’s table', () => {
  const answered = (facts: Partial<ProviderFailure>): ProviderFailure => ({
    stage: 'answered',
    reason: `http_${facts.httpStatus}`,
    ...facts,
  });
  const rows: [
    code: string,
    type: string,
    http: number,
    create: Behaviour,
    step: Behaviour,
    refund: Behaviour,
  ][] = [
    ['11', 'invalidParam', 400, 'reject', 'reject', 'reject'],
    ['12', 'missingParam', 400, 'reject', 'reject', 'reject'],
    ['13', 'alreadyExist', 409, 'look', 'look', 'look'],
    ['14', 'parsingResource', 400, 'reject', 'reject', 'reject'],
    ['21', 'failedPrecondition', 422, 'reject', 'look', 'look'],
    ['21', 'failedPrecondition', 412, 'reject', 'look', 'look'],
    ['31', 'notFound', 404, 'reject', 'look_again', 'look'],
    ['32', 'tooManyRequests', 429, 'retry', 'retry', 'retry'],
    ['41', 'unauthorized', 401, 'credentials', 'credentials', 'credentials'],
    ['42', 'unimplemented', 501, 'reject', 'reject', 'reject'],
    ['43', 'forbiddenOperation', 403, 'reject', 'reject', 'reject'],
  ];

  it.each(rows)('%s %s with HTTP %i', (code, type, httpStatus, create, step, refund) => {
    for (const facts of [
      { code, type, httpStatus },
      { code, httpStatus },
      { type, httpStatus },
      { httpStatus },
    ]) {
      // On create a bare 412 or 422 is refused like 21; everywhere the rest follows from any one of the three.
      expect(classifyFailure('create', answered(facts))).toBe(create);
      expect(classifyFailure('authorize', answered(facts))).toBe(step);
      expect(classifyFailure('capture', answered(facts))).toBe(step);
      // An attempt is made like a payment.
      expect(classifyFailure('create_attempt', answered(facts))).toBe(create);
      expect(classifyFailure('refund', answered(facts))).toBe(refund);
    }
  });

  it.each([404, 409, 412, 422])('no %i about a payment that exists ends anything by itself', (httpStatus) => {
    for (const code of [undefined, '11', '12', '13', '14', '21', '31', '42', '43', '29', '39'])
      for (const operation of ['authorize', 'capture', 'refund'] as const)
        expect(classifyFailure(operation, answered({ code, httpStatus }))).toMatch(/^look/);
  });

  it('a refund that is not offered is unsupported, by code or by bare status', () => {
    for (const facts of [{ code: '42', httpStatus: 501 }, { httpStatus: 501 }]) {
      const row = findCatalogueRow('refund', answered(facts));
      expect(row).toMatchObject({ behaviour: 'reject', why: expect.stringContaining('unsupported') });
    }
    // A 404 may as well come from what lags behind the parent that was just read.
    const notFound = findCatalogueRow('refund', answered({ httpStatus: 404 }));
    expect(notFound).toMatchObject({ behaviour: 'look', why: expect.stringContaining('unsupported') });
  });

  it('failedPrecondition with 409 means a state conflict on a step, and may mean success on create', () => {
    const facts = answered({ code: '21', type: 'failedPrecondition', httpStatus: 409 });
    expect(classifyFailure('capture', facts)).toBe('look');
    expect(classifyFailure('create', facts)).toBe('look');
    expect(classifyFailure('refund', facts)).toBe('look');
  });

  it('credentials refused by /auth pause instead of being retried', () => {
    expect(classifyFailure('create', { stage: 'not_sent', reason: 'credentials_refused' })).toBe(
      'credentials',
    );
    expect(classifyFailure('create', { stage: 'not_sent', reason: 'token_unavailable' })).toBe('retry');
  });
});
