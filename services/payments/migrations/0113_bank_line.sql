-- Lines of bank statements, each once for ever (P7).
CREATE TABLE bank_line (
    tenant_id                uuid          NOT NULL,
    bank_line_id             uuid          NOT NULL,
    -- By what it is known again: see line_identity.
    line_key                 bytea         NOT NULL,
    bank_statement_import_id uuid          NOT NULL,
    bank_account_id          uuid          NOT NULL,
    row_number               integer       NOT NULL,
    booking_date             date          NOT NULL,
    value_date               date          NOT NULL,
    currency_code            char(3)       NOT NULL,
    -- As the bank gave it, up to five decimals (RD-1); negative for what went out.
    amount                   numeric(20,5) NOT NULL,
    -- What the payer said: personal data.
    payment_reference        text          NOT NULL,
    remittance_text          text          NOT NULL,
    payer_name               text          NOT NULL,
    payer_account            text          NOT NULL,
    instrument_reference     text          NOT NULL,
    bank_reference           text          NOT NULL,
    state                    text          NOT NULL,
    receipt_id               uuid,
    -- The match that was applied, or is being.
    line_match               jsonb,
    -- The decision in force, in match_decision.
    decision_id              uuid,
    -- What a person may choose from, the likeliest first.
    suggestions              jsonb         NOT NULL DEFAULT '[]',
    -- The operation of a person's decision that is under way.
    operation_id             uuid,
    resolved_by              text,
    created_time             timestamptz   NOT NULL,
    resolved_time            timestamptz,
    version                  bigint        NOT NULL,
    PRIMARY KEY (tenant_id, bank_line_id),
    FOREIGN KEY (tenant_id, bank_statement_import_id) REFERENCES bank_statement_import,
    CONSTRAINT bank_line_taken UNIQUE (tenant_id, bank_account_id, line_key),
    CONSTRAINT bank_line_key_length CHECK (length(line_key) = 32),
    CONSTRAINT bank_line_receipt CHECK ((receipt_id IS NOT NULL) = (amount > 0)),
    CONSTRAINT bank_line_state_known CHECK (
        state IN ('WAITING', 'MATCHED', 'IN_REVIEW', 'RESOLVED', 'NOT_A_RECEIPT')),
    CONSTRAINT bank_line_out_is_no_receipt CHECK (amount > 0 OR state = 'NOT_A_RECEIPT'),
    CONSTRAINT bank_line_matched CHECK (state <> 'MATCHED' OR line_match IS NOT NULL),
    CONSTRAINT bank_line_resolved CHECK (
        state <> 'RESOLVED' OR (resolved_by IS NOT NULL AND resolved_time IS NOT NULL)),
    CONSTRAINT bank_line_version_positive CHECK (version > 0)
);
SELECT recoup_protect('bank_line', 'SELECT, INSERT, UPDATE');
-- Lists, oldest booking date first; with a state it is the review list.
CREATE INDEX bank_line_by_date ON bank_line (tenant_id, booking_date, bank_line_id);
CREATE INDEX bank_line_by_state ON bank_line (tenant_id, state, booking_date, bank_line_id);
CREATE INDEX bank_line_by_account
    ON bank_line (tenant_id, bank_account_id, booking_date, bank_line_id);
CREATE INDEX bank_line_by_import
    ON bank_line (tenant_id, bank_statement_import_id, state, booking_date, bank_line_id);
