-- Old code running beside 000029 still ends a step that a review holds as `retryable`, and its rows outlive it: new code would take
-- them for without effect, send the step again unread, and let a parked command be canceled that the review may yet capture. So
-- such an end is written as what 000029 makes of it, whoever writes it; old code reads such an attempt as every unknown one. What
-- was written since 000029 is changed as there, under a lock that lets nobody write attempts.

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
