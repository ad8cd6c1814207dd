-- Reasons not to ask for money. They accumulate.
CREATE TABLE hold (
    tenant_id    uuid        NOT NULL,
    hold_id      uuid        NOT NULL,
    case_id      uuid        NOT NULL,
    customer_id  uuid        NOT NULL,
    -- Bears on the whole case, invoices to come included; else on those of hold_invoice.
    whole_case   boolean     NOT NULL,
    -- The part of the one invoice that may not be asked for; null: all of it.
    held_amount  numeric(19,4),
    currency     char(3),
    reason       text        NOT NULL,
    -- The dispute, promise, plan or placement it follows.
    subject_id   uuid,
    state        text        NOT NULL,
    -- The last day on which it holds, in the debtor's zone.
    end_date     date,
    note         text        NOT NULL,
    placed_time  timestamptz NOT NULL,
    placed_by    text        NOT NULL,
    ended_time   timestamptz,
    ended_by     text,
    release_note text,
    revision     bigint      NOT NULL,
    PRIMARY KEY (tenant_id, hold_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES collection_case,
    CONSTRAINT hold_reason CHECK (reason IN
        ('DISPUTE', 'PROMISE', 'PAYMENT_PLAN', 'PLACEMENT', 'MANUAL', 'HARDSHIP',
         'BREATHING_SPACE', 'LEGAL', 'INSOLVENCY', 'DECEASED', 'CEASE_REQUEST', 'REVIEW')),
    CONSTRAINT hold_state CHECK (state IN ('ACTIVE', 'RELEASED', 'EXPIRED')),
    CONSTRAINT hold_held_amount
        CHECK ((held_amount IS NULL) = (currency IS NULL)
            AND (held_amount IS NULL OR (held_amount > 0 AND NOT whole_case))),
    CONSTRAINT hold_follows_facts
        CHECK ((reason IN ('DISPUTE', 'PROMISE', 'PAYMENT_PLAN', 'PLACEMENT'))
            = (subject_id IS NOT NULL)),
    CONSTRAINT hold_breathing_space_ends
        CHECK (reason <> 'BREATHING_SPACE' OR end_date IS NOT NULL),
    CONSTRAINT hold_ended
        CHECK (num_nonnulls(ended_time, ended_by, release_note)
            = CASE state WHEN 'ACTIVE' THEN 0 ELSE 3 END)
);
SELECT recoup_protect('hold', 'SELECT, INSERT, UPDATE');
CREATE INDEX hold_in_force ON hold (tenant_id, case_id) WHERE state = 'ACTIVE';
CREATE INDEX hold_latest ON hold (tenant_id, placed_time DESC, hold_id DESC);
-- A placement has one hold ever, another fact one at a time: a promise may run again.
CREATE UNIQUE INDEX hold_of_placement ON hold (tenant_id, subject_id) WHERE reason = 'PLACEMENT';
CREATE UNIQUE INDEX hold_of_fact ON hold (tenant_id, subject_id, reason) WHERE state = 'ACTIVE';
