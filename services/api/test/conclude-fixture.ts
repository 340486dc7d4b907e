import type { ObservedPayment, ProviderResult, RefundList } from '@capstan/shared/provider/payment-provider';
import {
  type Answer,
  type ApiFixture,
  captureOf,
  collectBody,
  get,
  openApi,
  postCommand,
  providerWith,
  SECRETS,
  send,
} from './api-fixture.ts';

export const REASON = 'Conomy confirmed it (ticket 4713)';

export interface Parked {
  id: string;
  key: string;
  externalId: string;
}

/** An api whose provider tells of payments what a test says, and commands as a capturer leaves them. */
export async function openConcludeFixture() {
  const payments = new Map<string, ProviderResult<ObservedPayment>>();
  let listed: RefundList | null = null;
  const state: { meanwhile: () => Promise<unknown>; reads: string[] } = {
    meanwhile: async () => {},
    reads: [],
  };
  const away: ProviderResult<never> = { ok: false, failure: { stage: 'no_clear_answer', reason: 'timeout' } };
  const api: ApiFixture = await openApi({
    provider: providerWith({
      readPayment: async (id) => {
        state.reads.push(id);
        await state.meanwhile();
        return payments.get(id) ?? away;
      },
      listRefundsOf: async (id) => {
        state.reads.push(`refunds of ${id}`);
        await state.meanwhile();
        return listed === null ? away : { ok: true, value: listed };
      },
    }),
  });
  let count = 0;

  const tell = (id: string, status: string, more: Partial<ObservedPayment> = {}) => {
    const told = { id, status, ...more };
    payments.set(id, { ok: true, value: { ...told, raw: { ...told } } });
  };
  const post = (url: string, payload: object, secret = SECRETS.all): Promise<Answer> =>
    send(api.app, { method: 'POST', url, headers: { authorization: `Bearer ${secret}` }, payload });

  async function accept(body: unknown): Promise<{ id: string; key: string }> {
    count += 1;
    const answer = await postCommand(api.app, body, `conclude-${count}`);
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return { id: answer.body.command.id, key: answer.body.command.payment.key };
  }

  return {
    api,
    state,
    tell,
    list: (refunds: ObservedPayment[] | null, more: Partial<RefundList> = {}) => {
      listed = refunds === null ? null : { refunds, unreadableRows: 0, ...more };
    },
    forget: () => {
      payments.clear();
      listed = null;
      state.reads = [];
      state.meanwhile = async () => {};
    },
    conclude: (id: string, body: object, query = '', secret: string = SECRETS.all) =>
      post(`/v1/commands/${id}/conclude${query}`, { reason: REASON, ...body }, secret),
    redrive: (id: string) => post(`/v1/commands/${id}/redrive`, { reason: REASON }),
    command: async (id: string) => (await get(api.app, `/v1/commands/${id}`)).body.command,
    payment: async (key: string) => (await get(api.app, `/v1/payments/${key}`)).body.payment,
    /** Every row that a conclusion could write. */
    rows: async () => {
      const { rows } = await api.pool.query(
        `select (select jsonb_agg(c order by c.id) from commands c) as commands, (select jsonb_agg(p order by p.key) from payments p) as payments,
           (select jsonb_agg(a order by a.id) from attempts a) as attempts, (select count(*) from events) as events,
           (select count(*) from command_conclusions) as conclusions, (select jsonb_agg(d order by d.id) from discrepancies d) as discrepancies,
           (select count(*) from journal) as moves`,
      );
      return rows[0];
    },

    async create(then: string[] = ['capture']): Promise<Parked> {
      count += 1;
      const externalId = `order-${count}`;
      const made = await accept({ type: 'payment.create', payment: collectBody({ externalId }), then });
      return { ...made, externalId };
    },
    captureBehind: async ({ externalId }: Parked) => (await accept(captureOf({ externalId }))).id,
    refundOf: async (id: string, amount: string) =>
      accept({ type: 'payment.refund', payment: { id }, amount, currency: 'COP' }),
    /** The payment is mirrored as a read would have it. */
    mirror: (key: string, conomyId: string, status: string) =>
      api.pool.query(
        `update payments set conomy_id = $2, status = $3, version = 1, cause = 'read', compared_at = capstan_now(),
           snapshot = '{"totalAmount":"30000.00","currency":"COP"}'::jsonb || jsonb_build_object('status', $3::text),
           refundable_minor = 3000000
         where key = $1`,
        [key, conomyId, status],
      ),
    /** The call of the current step was lost this long ago. @returns the id of its attempt. */
    async lose(id: string, hoursAgo: number, resolution: string | null = 'parked'): Promise<number> {
      const { rows } = await api.pool.query(
        `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, outcome,
           finished_at, resolution, resolved_at, refunds_before, refunds_listed_at)
         select c.id, payment_key, steps_done, steps[steps_done + 1], 1, 1, 'w',
           capstan_now() - $2::float8 * interval '1 hour', 'unknown', capstan_now(), $3,
           case when $3::text is not null then capstan_now() end,
           case when c.refund is not null then p.refunds_linked end,
           case when c.refund is not null then capstan_now() - $2::float8 * interval '1 hour' end
         from commands c join payments p on p.key = c.payment_key where c.id = $1 returning id`,
        [id, hoursAgo, resolution],
      );
      return rows[0].id;
    },
    park: (id: string, code: string, stepsDone = 0) =>
      api.pool.query(
        `update commands set status = 'parked', offer_at = null, claim_epoch = 1, steps_done = $3,
           problem = jsonb_build_object('code', $2::text, 'detail', 'x') where id = $1`,
        [id, code, stepsDone],
      ),
    /** A read of the attempt named these. */
    show: (attemptId: number, ids: string[]) =>
      api.pool.query(
        `insert into attempt_reads (attempt_id, began_at, finding, detail)
         values ($1, capstan_now(), 'ambiguous', jsonb_build_object('ids', $2::text[]))`,
        [attemptId, ids],
      ),
  };
}

export type ConcludeFixture = Awaited<ReturnType<typeof openConcludeFixture>>;

/** What Conomy tells of a payment that the create of `externalId` made. */
export const ours = (externalId: string, more: Partial<ObservedPayment> = {}): Partial<ObservedPayment> => ({
  externalId,
  accountNumber: '200',
  type: 'COLLECT',
  purchaseAmount: '30000.00',
  purchaseCurrency: 'COP',
  totalAmount: '30000.00',
  currency: 'COP',
  ...more,
});
