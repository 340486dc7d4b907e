-- Of a delivery only the text that its signature covers is the message: from now on `body` holds that text, `body_sha256` its hash,
-- and `signature` what verified it, so that a row proves itself. What else a body held is not kept.
-- Rows from before keep what they have, without a signature: their `body` is all the bytes as they arrived, members outside the
-- signature included, so they are applied by their columns, which were read from the signed part alone. Old code running beside
-- this schema writes such rows and reads the new ones rightly; the same message to old and to new code makes two rows, and the
-- second finds nothing to move. The column is added without rewriting the table.
alter table webhook_deliveries
  add column signature bytea
    constraint webhook_deliveries_signature_is_sha256 check (octet_length(signature) = 32);
