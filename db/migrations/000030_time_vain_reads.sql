-- For how long reads before a step other than a refund were answered without telling the payment. Old code running beside this
-- schema notes nothing and reads on for ever, as it did. The column is added without rewriting the table.
alter table commands
  -- By process: when it read last, by a clock of its own, and for how long it has been reading; both in milliseconds.
  add column vain_spans jsonb;
