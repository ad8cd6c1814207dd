-- What people must do about a case.
CREATE TABLE task (
    tenant_id            uuid        NOT NULL,
    task_id              uuid        NOT NULL,
    case_id              uuid        NOT NULL,
    customer_id          uuid        NOT NULL,
    kind                 text        NOT NULL,
    state                text        NOT NULL,
    -- The case's urgency when it was opened.
    priority             integer     NOT NULL,
    due_date             date        NOT NULL,
    -- The next stretch in which a call is permitted; null where it is no contact.
    permitted_from_time  timestamptz,
    permitted_until_time timestamptz,
    message_id           uuid,
    promise_id           uuid,
    step_code            text,
    invoice_ids          uuid[]      NOT NULL,
    outcome              text,
    note                 text        NOT NULL,
    completed_by         text,
    ended_time           timestamptz,
    -- Why it was cancelled.
    overtaken_by         text,
    follow_up_task_id    uuid,
    created_time         timestamptz NOT NULL,
    revision             bigint      NOT NULL,
    PRIMARY KEY (tenant_id, task_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES collection_case,
    FOREIGN KEY (tenant_id, message_id) REFERENCES message,
    FOREIGN KEY (tenant_id, promise_id) REFERENCES promise,
    CONSTRAINT task_kind CHECK (kind IN
        ('CALL', 'LETTER', 'UNAPPLIED_CASH', 'UNKNOWN_MESSAGE', 'UNDELIVERABLE',
         'BROKEN_PROMISE')),
    CONSTRAINT task_state CHECK (state IN ('OPEN', 'COMPLETED', 'CANCELLED')),
    CONSTRAINT task_outcome CHECK (outcome IN
        ('SPOKE_TO_DEBTOR', 'LEFT_VOICEMAIL', 'NO_ANSWER', 'WRONG_ADDRESS', 'POSTED', 'DONE',
         'NOT_DONE')),
    CONSTRAINT task_overtaken_by CHECK (overtaken_by IN ('PAID', 'HELD', 'PLACED')),
    CONSTRAINT task_permitted
        CHECK ((permitted_from_time IS NULL) = (permitted_until_time IS NULL)
            AND permitted_from_time < permitted_until_time),
    CONSTRAINT task_ended
        CHECK ((state = 'COMPLETED') = (outcome IS NOT NULL)
            AND (state = 'COMPLETED') = (completed_by IS NOT NULL)
            AND (state = 'CANCELLED') = (overtaken_by IS NOT NULL)
            AND (state = 'OPEN') = (ended_time IS NULL))
);
SELECT recoup_protect('task', 'SELECT, INSERT, UPDATE');
-- The order of the worklist: the highest priority first, then by day.
CREATE INDEX task_worklist ON task (tenant_id, priority DESC, due_date, task_id)
    WHERE state = 'OPEN';
CREATE INDEX task_by_urgency ON task (tenant_id, priority DESC, due_date, task_id);
CREATE INDEX task_of_case ON task (tenant_id, case_id, priority DESC, due_date, task_id);
-- One open task of a kind about a message or a promise, one about a customer's cash.
CREATE UNIQUE INDEX task_once_open ON task (tenant_id, case_id, kind, message_id, promise_id)
    NULLS NOT DISTINCT WHERE state = 'OPEN';
