-- A redrive names the newest attempt of its command, so that whether it came after an attempt is told by their order and
-- not by a clock, which may be set back when another machine takes over. Null: no attempt had begun. A redrive written
-- by old code beside this schema is null too: what waits for it is parked once more, and redriven again.
alter table command_redrives
  add column attempt_id bigint constraint command_redrives_attempt_id_fkey references attempts (id);

alter table command_redrives disable trigger command_redrives_guard;
update command_redrives d set attempt_id =
  (select max(a.id) from attempts a where a.command_id = d.command_id and a.started_at < d.at);
alter table command_redrives enable trigger command_redrives_guard;
