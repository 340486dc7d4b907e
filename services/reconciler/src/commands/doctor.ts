import { parseArgs } from 'node:util';
import { commonSettings } from '@capstan/shared/config/common-settings';
import { conomySettings, credentialsOf } from '@capstan/shared/config/conomy-settings';
import { parseEnv } from '@capstan/shared/config/parse-env';
import { type ConomyClient, createConomyClient } from '@capstan/shared/provider/conomy/client';
import { DRIFT_KINDS, type Drift } from '@capstan/shared/provider/conomy/drift';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';
import { CommandLineError, type Screen } from './command-line-error.ts';

/** One thing that was looked at: it is as documented, differs, or could not be looked at. */
interface Check {
  verdict: 'ok' | 'differs' | 'failed' | 'skipped';
  what: string;
  detail: string;
}

/** What the checks know of each other. */
interface Findings {
  paymentId?: string;
  accountNumber?: string;
}

interface Patient {
  conomy: ConomyClient;
  findings: Findings;
}

const NOBODY = '0'.repeat(24);

/** In this order; each asks at most one question. Nothing here writes at Conomy. */
const CHECKS: readonly [what: string, look: (patient: Patient) => Promise<Omit<Check, 'what'>>][] = [
  ['credentials and the list of payments', lookAtList],
  ['reading a payment', lookAtPayment],
  ['an id that nobody has', lookAtNobody],
  ['an account', lookAtAccount],
  ['the list of refunds', lookAtRefunds],
];

/**
 * `capstan doctor`: asks the configured Conomy what Capstan relies on, without moving money, and says what differs from
 * the documents.
 * @returns the exit code: 0 when all is as documented, 1 when something differs or failed.
 */
export async function runDoctor(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  screen: Screen,
): Promise<0 | 1> {
  const findings: Findings = readArguments(args);
  const { CONOMY_BASE_URL, CONOMY_CLIENT_ID } = commonSettings(0);
  const config = parseEnv({ ...conomySettings, CONOMY_BASE_URL, CONOMY_CLIENT_ID }, env);
  const drift = new Map<string, Drift>();
  const conomy = createConomyClient({
    ...credentialsOf(config),
    onDrift: (found) => {
      for (const one of found) drift.set(`${one.kind} ${one.place} ${one.name} ${one.seen}`, one);
    },
  });
  screen.write(
    `Looking at ${config.CONOMY_BASE_URL} as ${config.CONOMY_CLIENT_ID}; nothing is written there.\n`,
  );
  const checks: Check[] = [];
  try {
    for (const [what, look] of CHECKS) {
      const check = { what, ...(await look({ conomy, findings })) };
      checks.push(check);
      screen.write(`  ${check.verdict.padEnd(8)}${what}: ${check.detail}\n`);
    }
  } finally {
    await conomy.close();
  }
  for (const { kind, place, name, seen } of drift.values())
    screen.write(`  differs ${place}.${name} (${seen}): ${DRIFT_KINDS[kind]}\n`);
  const isSound =
    drift.size === 0 && checks.every(({ verdict }) => verdict === 'ok' || verdict === 'skipped');
  screen.write(isSound ? 'All is as documented.\n' : 'Something is not as documented; see above.\n');
  return isSound ? 0 : 1;
}

function readArguments(args: readonly string[]): Findings {
  try {
    const { values } = parseArgs({ args: [...args], options: { account: { type: 'string' } } });
    return values.account === undefined ? {} : { accountNumber: values.account };
  } catch (error) {
    throw new CommandLineError((error as Error).message);
  }
}

async function lookAtList({ conomy, findings }: Patient): Promise<Omit<Check, 'what'>> {
  const page = await conomy.listPayments({ sort: 'createdAt:asc' }, { limit: 5, offset: 0 });
  if (!page.ok) return failed(page.failure);
  const { payments, unreadableRows, total } = page.value;
  const [first] = payments;
  if (first) findings.paymentId = first.id;
  findings.accountNumber ??= first?.accountNumber;
  if (unreadableRows > 0)
    return { verdict: 'differs', detail: `${unreadableRows} rows have no id or status` };
  const times = payments.flatMap(({ createdAt }) => createdAt ?? []).map((text) => Date.parse(text));
  if (times.some((time, nth) => time < (times[nth - 1] ?? time)))
    return { verdict: 'differs', detail: 'rows are not in the order asked for (createdAt:asc)' };
  return { verdict: 'ok', detail: `${payments.length} rows of ${total ?? 'an untold number'}` };
}

async function lookAtPayment({ conomy, findings }: Patient): Promise<Omit<Check, 'what'>> {
  if (findings.paymentId === undefined) return skipped('the list is empty');
  const read = await conomy.readPayment(findings.paymentId);
  return read.ok
    ? { verdict: 'ok', detail: `${read.value.type ?? 'a payment'} in ${read.value.status}` }
    : failed(read.failure);
}

async function lookAtNobody({ conomy }: Patient): Promise<Omit<Check, 'what'>> {
  const read = await conomy.readPayment(NOBODY);
  if (read.ok) return { verdict: 'differs', detail: `the id ${NOBODY} is a payment` };
  const { httpStatus, code } = read.failure;
  if (httpStatus === 404) return { verdict: 'ok', detail: `404, code ${code ?? 'none'}` };
  return { verdict: 'differs', detail: `answered with ${httpStatus ?? read.failure.reason} instead of 404` };
}

async function lookAtAccount({ conomy, findings }: Patient): Promise<Omit<Check, 'what'>> {
  if (findings.accountNumber === undefined) return skipped('no account is known; name one with --account');
  const read = await conomy.readAccount(findings.accountNumber);
  if (!read.ok) return failed(read.failure);
  if (read.value === null)
    return { verdict: 'differs', detail: `the account ${findings.accountNumber} is not in the answer` };
  return {
    verdict: 'ok',
    detail: `${read.value.status ?? 'no status'}, ${read.value.currency ?? 'no currency'}`,
  };
}

async function lookAtRefunds({ conomy, findings }: Patient): Promise<Omit<Check, 'what'>> {
  if (findings.paymentId === undefined) return skipped('the list of payments is empty');
  const list = await conomy.listRefundsOf(findings.paymentId);
  if (!list.ok) return failed(list.failure);
  const { refunds, unreadableRows } = list.value;
  if (unreadableRows > 0)
    return { verdict: 'differs', detail: `${unreadableRows} rows have no id, status or parent` };
  return { verdict: 'ok', detail: `${refunds.length} refunds of one payment` };
}

function failed({ reason, httpStatus, code, detail }: ProviderFailure): Omit<Check, 'what'> {
  const told = [httpStatus && `HTTP ${httpStatus}`, code && `code ${code}`, detail]
    .filter(Boolean)
    .join(', ');
  return { verdict: 'failed', detail: told === '' ? reason : `${reason} (${told})` };
}

function skipped(detail: string): Omit<Check, 'what'> {
  return { verdict: 'skipped', detail };
}
