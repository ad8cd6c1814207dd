-- Promises to pay.
CREATE TABLE promise (
    tenant_id                uuid          NOT NULL,
    promise_id               uuid          NOT NULL,
    case_id                  uuid          NOT NULL,
    customer_id              uuid          NOT NULL,
    promised_amount          numeric(19,4) NOT NULL,
    currency                 char(3)       NOT NULL,
    -- In the debtor's zone.
    promised_date            date          NOT NULL,
    -- Grace and tolerance as the strategy said when it was made.
    grace_days               integer       NOT NULL,
    tolerance_ratio          numeric(18,12) NOT NULL,
    state                    text          NOT NULL,
    level                    integer       NOT NULL,
    channel                  text,
    taken_by                 text          NOT NULL,
    note                     text          NOT NULL,
    superseded_by_promise_id uuid,
    created_time             timestamptz   NOT NULL,
    revision                 bigint        NOT NULL,
    PRIMARY KEY (tenant_id, promise_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES collection_case,
    CONSTRAINT promise_amount CHECK (promised_amount > 0),
    CONSTRAINT promise_grace CHECK (grace_days BETWEEN 0 AND 30),
    CONSTRAINT promise_tolerance CHECK (tolerance_ratio >= 0 AND tolerance_ratio < 1),
    CONSTRAINT promise_level CHECK (level > 0),
    CONSTRAINT promise_state CHECK (state IN
        ('OPEN', 'PARTLY_KEPT', 'KEPT', 'BROKEN', 'CANCELLED', 'SUPERSEDED')),
    CONSTRAINT promise_channel CHECK (channel IN ('EMAIL', 'CALL', 'LETTER')),
    CONSTRAINT promise_superseded
        CHECK ((state = 'SUPERSEDED') = (superseded_by_promise_id IS NOT NULL))
);
SELECT recoup_protect('promise', 'SELECT, INSERT, UPDATE');
CREATE INDEX promise_of_case ON promise (tenant_id, case_id, promised_date, promise_id);
CREATE INDEX promise_by_date ON promise (tenant_id, promised_date, promise_id);
