-- A step that Conomy answered with REQUIRES_REVIEW is unknown until reads have told what the review made of it; so far its outcome
-- was `retryable`, and it was sent again as soon as the payment was back in CREATED or AUTHORIZED. The guard of outcomes is taken
-- away for this one update, under the exclusive lock which the check needs anyway; both tables' rows are read. Old code beside
-- this schema still ends such a step as `retryable`, and its rows outlive it: a trigger makes the same of them, and old code reads
-- such an attempt as every unknown one.

alter table attempt_reads
  drop constraint attempt_reads_finding_is_known,
  add constraint attempt_reads_finding_is_known
    check (finding in ('found', 'absent', 'closed', 'ambiguous', 'in_use', 'unclear', 'held', 'inconclusive'));

create function attempts_hold_by_review() returns trigger language plpgsql as $$
begin
  new.outcome := 'unknown';
  new.failure := jsonb_set(new.failure, '{reason}', '"answered_REQUIRES_REVIEW"');
  return new;
end
$$;
create trigger attempts_hold_by_review before update of outcome on attempts
  for each row when (old.outcome is null and new.outcome = 'retryable' and new.failure ->> 'reason' = 'requires_review')
  execute function attempts_hold_by_review();

alter table attempts disable trigger attempts_guard_outcome;

update attempts a set outcome = 'unknown', failure = jsonb_set(failure, '{reason}', '"answered_REQUIRES_REVIEW"')
from commands c
where c.id = a.command_id and c.finished_at is null and c.steps_done = a.step
  and a.outcome = 'retryable' and a.failure ->> 'reason' = 'requires_review'
  and not exists (select from attempts later where later.command_id = a.command_id and later.number > a.number and later.step = a.step);

alter table attempts enable trigger attempts_guard_outcome;
