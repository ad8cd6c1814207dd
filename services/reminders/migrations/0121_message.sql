-- Messages to debtors: what became of each step that fell due.
CREATE TABLE message (
    tenant_id        uuid        NOT NULL,
    message_id       uuid        NOT NULL,
    case_id          uuid        NOT NULL,
    customer_id      uuid        NOT NULL,
    dunning_run_id   uuid,
    task_id          uuid,
    channel          text        NOT NULL,
    state            text        NOT NULL,
    -- The gravest step among the lines.
    step_code        text        NOT NULL,
    level            smallint    NOT NULL,
    template_code    text,
    strategy_version text        NOT NULL,
    template_version text,
    language         text,
    -- The day for which the step was due, in the debtor's zone.
    step_date        date        NOT NULL,
    not_before_time  timestamptz,
    sent_time        timestamptz,
    last_look_time   timestamptz,
    handed_off_time  timestamptz,
    attempt_count    integer     NOT NULL DEFAULT 0,
    reason           text,
    -- The case's epoch when it was claimed: one lower than the case's is never handed off.
    case_epoch       bigint      NOT NULL,
    -- Rises with every claim; who holds an older one can do nothing more.
    lease_token      bigint      NOT NULL DEFAULT 0,
    -- Real time, not business time.
    lease_until      timestamptz NOT NULL DEFAULT '-infinity',
    created_time     timestamptz NOT NULL,
    revision         bigint      NOT NULL,
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES collection_case,
    FOREIGN KEY (tenant_id, dunning_run_id) REFERENCES dunning_run,
    CONSTRAINT message_channel CHECK (channel IN ('EMAIL', 'CALL', 'LETTER')),
    CONSTRAINT message_state CHECK (state IN
        ('QUEUED', 'CLAIMED', 'HANDING_OFF', 'WITH_PERSON', 'SENT', 'UNKNOWN', 'SUPERSEDED',
         'SUPPRESSED', 'PARKED', 'ABANDONED')),
    CONSTRAINT message_level CHECK (level BETWEEN 1 AND 50),
    CONSTRAINT message_sent CHECK ((state = 'SENT') = (sent_time IS NOT NULL)),
    CONSTRAINT message_reason CHECK (reason IS NOT NULL OR state NOT IN
        ('UNKNOWN', 'SUPERSEDED', 'SUPPRESSED', 'PARKED', 'ABANDONED')),
    CONSTRAINT message_with_person CHECK (state <> 'WITH_PERSON' OR task_id IS NOT NULL),
    CONSTRAINT message_handed_off
        CHECK (state NOT IN ('HANDING_OFF', 'UNKNOWN')
            OR (handed_off_time IS NOT NULL AND last_look_time IS NOT NULL))
) WITH (fillfactor = 80);
SELECT recoup_protect('message', 'SELECT, INSERT, UPDATE');
-- A case has one message on its way at most, and one for a day that reached, or may yet reach,
-- somebody. Whoever loses a race finds the name of the index, and that the work is done.
CREATE UNIQUE INDEX message_under_way ON message (tenant_id, case_id)
    WHERE state IN ('QUEUED', 'CLAIMED', 'HANDING_OFF');
CREATE UNIQUE INDEX message_of_the_day ON message (tenant_id, case_id, step_date)
    WHERE state NOT IN ('SUPERSEDED', 'SUPPRESSED', 'ABANDONED');
CREATE INDEX message_of_case ON message (tenant_id, case_id, created_time DESC, message_id DESC);
CREATE INDEX message_of_run ON message (tenant_id, dunning_run_id, created_time DESC)
    WHERE dunning_run_id IS NOT NULL;
CREATE INDEX message_latest ON message (tenant_id, created_time DESC, message_id DESC);
-- What a dead sender left behind, over all tenants.
CREATE INDEX message_leased ON message (lease_until, tenant_id, message_id)
    WHERE state IN ('CLAIMED', 'HANDING_OFF');
