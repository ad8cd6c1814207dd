-- What is to be done later: one row a timer, gone when it is done. Narrow, since
-- the sweep walks it; claims and pauses change no indexed column and stay on the
-- page (fillfactor).

-- One sequence for all rows: a token never comes back, so that a worker who slept
-- through the end of a timer cannot be mistaken for one of its successor.
CREATE SEQUENCE timer_token CACHE 1;
GRANT USAGE ON SEQUENCE timer_token TO recoup_app, recoup_background;

CREATE TABLE timer (
    tenant_id     uuid        NOT NULL,
    -- The job that does it. Byte order, as the program compares it too.
    kind          text        COLLATE "C" NOT NULL CHECK (length(kind) BETWEEN 1 AND 60),
    subject_id    uuid        NOT NULL,
    -- Business time.
    due_time      timestamptz NOT NULL,
    -- Real time. Nobody takes the row up before: it is being worked on, or a
    -- failed try is followed by a pause.
    lease_until   timestamptz NOT NULL DEFAULT '-infinity',
    -- Raised by whoever schedules, claims or gives up the row. Who holds an older
    -- one can no longer finish it.
    lease_token   bigint      NOT NULL DEFAULT nextval('timer_token'),
    -- Tries begun since it was scheduled, those included whose process died.
    attempt       integer     NOT NULL DEFAULT 0,
    -- How often it was put off for somebody else's sake; these are no tries.
    postponed     integer     NOT NULL DEFAULT 0,
    parked_time   timestamptz,
    parked_reason text,
    PRIMARY KEY (tenant_id, kind, subject_id),
    CHECK ((parked_time IS NULL) = (parked_reason IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
SELECT recoup_protect('timer', 'SELECT, INSERT, UPDATE, DELETE');

-- The order of the sweep. All four columns: many timers share an instant, and a
-- cursor that kept the time alone would skip those at the edge of a batch.
CREATE INDEX timer_due ON timer (due_time, tenant_id, kind, subject_id)
    WHERE parked_time IS NULL;
CREATE INDEX timer_parked ON timer (tenant_id, kind, subject_id)
    WHERE parked_time IS NOT NULL;
