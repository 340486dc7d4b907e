import type { Check, Evidence } from './verdict.ts';

/** Each attempt that was asked for is recorded once, still an ATTEMPT and no payment, and there is no other. */
export function checkAttempts({ commands, ledger }: Evidence): Check {
  const asked = new Set(
    commands
      .map(({ planned }) => planned)
      .filter(({ expected }) => expected.kind === 'attempted')
      .map(({ externalId }) => externalId),
  );
  const byExternalId = Map.groupBy(ledger.attempts, ({ externalId }) => externalId);
  const faults = Array.from(asked).flatMap((externalId) => {
    const recorded = byExternalId.get(externalId) ?? [];
    const statuses = recorded.map(({ status }) => status).join(' and ');
    const payments = ledger.byExternalId[externalId] ?? 0;
    return [
      ...(statuses === 'ATTEMPT' ? [] : [`the attempt ${externalId} is ${statuses || 'missing'} at Conomy`]),
      ...(payments === 0 ? [] : [`the attempt ${externalId} became ${payments} payments at Conomy`]),
    ];
  });
  for (const { id, externalId } of ledger.attempts) {
    if (!asked.has(externalId)) faults.push(`attempt ${id} (${externalId}) should not exist`);
  }
  return { statement: 'attempts were recorded once and are no payments', count: asked.size, faults };
}
