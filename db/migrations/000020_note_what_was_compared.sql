-- When something that Conomy told of a payment named all that binds it and agreed with the create that was accepted: until
-- then it is read whole before a later step of it leaves. Null for what older code binds beside this schema and for rows of
-- before: such a payment is read once more before its next step. The column has no default, so adding it rewrites nothing
-- and holds its lock for a moment only.
alter table payments add column compared_at timestamptz;
