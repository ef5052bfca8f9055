-- Windows of time are reports that can be saved, scheduled and made in the background, like the others.

ALTER TABLE saved_report DROP CONSTRAINT saved_report_kind_check;
ALTER TABLE saved_report ADD CONSTRAINT saved_report_kind_check
    CHECK (kind IN ('query', 'attribution', 'funnel', 'retention', 'sessions', 'windows'));

ALTER TABLE report_schedule DROP CONSTRAINT report_schedule_kind_check;
ALTER TABLE report_schedule ADD CONSTRAINT report_schedule_kind_check
    CHECK (kind IN ('query', 'attribution', 'funnel', 'retention', 'sessions', 'windows', 'events'));

ALTER TABLE report_job DROP CONSTRAINT report_job_kind_check;
ALTER TABLE report_job ADD CONSTRAINT report_job_kind_check
    CHECK (kind IN ('query', 'attribution', 'funnel', 'retention', 'sessions', 'windows', 'events'));
