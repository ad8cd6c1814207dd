-- Applications taken back: every answer that was given, refusals too, for ever.
CREATE TABLE application_reversal (
    tenant_id      uuid        NOT NULL,
    -- Chosen by payments.
    reversal_id    uuid        NOT NULL,
    application_id uuid        NOT NULL,
    fingerprint    bytea       NOT NULL CHECK (length(fingerprint) = 32),
    state          text        NOT NULL
        CONSTRAINT application_reversal_state CHECK (state IN ('REVERSED', 'REFUSED')),
    reason         text        NOT NULL
        CONSTRAINT application_reversal_reason
        CHECK (reason IN ('UNAPPLIED', 'RECEIPT_REVERSED', 'RETURNED')),
    reversal_date  date        NOT NULL,
    answer         bytea       NOT NULL,
    reversed_time  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, reversal_id)
);
SELECT recoup_protect('application_reversal', 'SELECT, INSERT');
-- An application is taken back once at most (P6).
CREATE UNIQUE INDEX application_reversed_once ON application_reversal (tenant_id, application_id)
    WHERE state = 'REVERSED';
