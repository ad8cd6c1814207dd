-- Statement files that were read. What became of their lines is counted from the
-- lines.
CREATE TABLE bank_statement_import (
    tenant_id                uuid          NOT NULL,
    bank_statement_import_id uuid          NOT NULL,
    bank_account_id          uuid          NOT NULL,
    -- The mapping as it was then: identity, name, layout, version.
    column_mapping           jsonb         NOT NULL,
    file_name                text          NOT NULL,
    state                    text          NOT NULL,
    row_count                integer       NOT NULL,
    rejected_count           integer       NOT NULL,
    duplicate_count          integer       NOT NULL DEFAULT 0,
    currency_code            char(3)       NOT NULL,
    credit_amount            numeric(20,5) NOT NULL DEFAULT 0,
    debit_amount             numeric(20,5) NOT NULL DEFAULT 0,
    from_booking_date        date,
    to_booking_date          date,
    -- The faults of bad rows, the first 10000.
    rejected_rows            jsonb         NOT NULL DEFAULT '[]',
    operation_id             uuid,
    created_time             timestamptz   NOT NULL,
    ended_time               timestamptz,
    PRIMARY KEY (tenant_id, bank_statement_import_id),
    FOREIGN KEY (tenant_id, bank_account_id) REFERENCES bank_account,
    CONSTRAINT bank_statement_import_state_known CHECK (
        state IN ('VALIDATED', 'REFUSED', 'BOOKING', 'MATCHING', 'COMPLETED')),
    CONSTRAINT bank_statement_import_ended CHECK (
        (ended_time IS NULL) = (state IN ('BOOKING', 'MATCHING'))),
    CONSTRAINT bank_statement_import_counts CHECK (
        rejected_count >= 0 AND duplicate_count >= 0
        AND row_count >= rejected_count + duplicate_count),
    CONSTRAINT bank_statement_import_directions CHECK (credit_amount >= 0 AND debit_amount <= 0)
);
SELECT recoup_protect('bank_statement_import', 'SELECT, INSERT, UPDATE');
CREATE INDEX bank_statement_import_by_time
    ON bank_statement_import (tenant_id, created_time DESC, bank_statement_import_id DESC);
CREATE INDEX bank_statement_import_by_account
    ON bank_statement_import (tenant_id, bank_account_id, created_time DESC,
                              bank_statement_import_id DESC);
