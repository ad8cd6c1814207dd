-- Money applied to open items: every answer that was given, refusals too, for
-- ever. Nobody may change an answer; an application that was taken back only
-- says so.
CREATE TABLE application (
    tenant_id                    uuid          NOT NULL,
    -- Chosen by payments.
    application_id               uuid          NOT NULL,
    -- Hash of what was asked: the same id with other content is refused.
    fingerprint                  bytea         NOT NULL CHECK (length(fingerprint) = 32),
    state                        text          NOT NULL
        CONSTRAINT application_state CHECK (state IN ('APPLIED', 'REVERSED', 'REFUSED')),
    customer_id                  uuid          NOT NULL,
    receipt_id                   uuid          NOT NULL,
    currency                     char(3)       NOT NULL,
    amount                       numeric(19,4) NOT NULL CHECK (amount > 0),
    receipt_date                 date          NOT NULL,
    allocated_amount             numeric(19,4) NOT NULL CHECK (allocated_amount >= 0),
    overpayment_tolerance_amount numeric(19,4) NOT NULL CHECK (overpayment_tolerance_amount >= 0),
    rest_amount                  numeric(19,4) NOT NULL CHECK (rest_amount >= 0),
    -- Why it went there; null for a refusal.
    decision                     jsonb,
    -- The result as it was answered, balances included.
    answer                       bytea         NOT NULL,
    applied_time                 timestamptz   NOT NULL,
    PRIMARY KEY (tenant_id, application_id),
    CONSTRAINT application_conserves_money
        CHECK (amount = allocated_amount + overpayment_tolerance_amount + rest_amount),
    CONSTRAINT application_refused CHECK ((state = 'REFUSED') = (decision IS NULL)
        AND (state <> 'REFUSED' OR rest_amount = amount))
);
SELECT recoup_protect('application', 'SELECT, INSERT, UPDATE (state)');

-- Lists, newest first; refusals are answers, not applications.
CREATE INDEX application_by_time ON application (tenant_id, applied_time, application_id)
    WHERE state <> 'REFUSED';
CREATE INDEX application_by_customer
    ON application (tenant_id, customer_id, applied_time, application_id)
    WHERE state <> 'REFUSED';
CREATE INDEX application_by_receipt
    ON application (tenant_id, receipt_id, applied_time, application_id)
    WHERE state <> 'REFUSED';
