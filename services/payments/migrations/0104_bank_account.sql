-- The tenant's accounts whose statements are read.
CREATE TABLE bank_account (
    tenant_id             uuid        NOT NULL,
    bank_account_id       uuid        NOT NULL,
    display_name          text        NOT NULL,
    -- Of an IBAN letters and digits in capitals. Never changes.
    account_number        text        NOT NULL,
    bank_code             text        NOT NULL,
    currency_code         char(3)     NOT NULL,
    -- The last booking date of any statement (CA-8).
    statements_until_date date,
    created_time          timestamptz NOT NULL,
    version               bigint      NOT NULL
        CONSTRAINT bank_account_version_positive CHECK (version > 0),
    PRIMARY KEY (tenant_id, bank_account_id),
    CONSTRAINT bank_account_number_taken UNIQUE (tenant_id, account_number)
);
SELECT recoup_protect('bank_account', 'SELECT, INSERT, UPDATE');
CREATE INDEX bank_account_by_name ON bank_account (tenant_id, display_name, bank_account_id);
