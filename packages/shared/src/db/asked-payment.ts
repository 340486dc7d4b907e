/**
 * SQL for what the create of a payment asked for, as an `AskedPayment`; null for a payment that no create of ours made.
 * `key` is the SQL of the payment's key.
 */
export function askedOf(key: string): string {
  return `(
    select row_to_json(asked)
    from commands creating, json_to_record(creating.create_body) as asked(
      "externalId" text, "accountNumber" text, type text,
      "purchaseAmount" text, "purchaseCurrency" text, "totalAmount" text, currency text
    )
    where creating.payment_key = ${key} and creating.create_body is not null
    order by creating.position limit 1
  )`;
}
