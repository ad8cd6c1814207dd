-- Credit notes: numbered and immutable. Append-only.
CREATE TABLE credit_note (
    tenant_id              uuid          NOT NULL,
    credit_note_id         uuid          NOT NULL,
    external_id            text,
    credit_note_number     text          NOT NULL,
    customer_id            uuid          NOT NULL,
    -- Null for a note that stands alone.
    invoice_id             uuid,
    reason                 text          NOT NULL
        CONSTRAINT credit_note_reason CHECK (reason IN ('DUPLICATED_CHARGE',
            'PRODUCT_UNSATISFACTORY', 'ORDER_CHANGE', 'ORDER_CANCELLATION', 'FRAUDULENT_CHARGE',
            'BILLING_ERROR', 'GOODWILL', 'OTHER')),
    -- Personal data.
    note                   text          NOT NULL,
    credit_note_date       date          NOT NULL,
    currency               char(3)       NOT NULL,
    net_amount             numeric(19,4) NOT NULL,
    tax_amount             numeric(19,4) NOT NULL,
    gross_amount           numeric(19,4) NOT NULL
        CONSTRAINT credit_note_gross_positive CHECK (gross_amount > 0),
    taxes                  jsonb         NOT NULL,
    customer_credit_id     uuid,
    customer_credit_amount numeric(19,4) NOT NULL,
    issued_time            timestamptz   NOT NULL,
    PRIMARY KEY (tenant_id, credit_note_id),
    CONSTRAINT credit_note_external_id_key UNIQUE (tenant_id, external_id),
    CONSTRAINT credit_note_number_key UNIQUE (tenant_id, credit_note_number),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice,
    CONSTRAINT credit_note_credit CHECK (customer_credit_amount BETWEEN 0 AND gross_amount
        AND (customer_credit_id IS NULL) = (customer_credit_amount = 0))
);
SELECT recoup_protect('credit_note', 'SELECT, INSERT');
CREATE INDEX credit_note_by_time ON credit_note (tenant_id, issued_time, credit_note_id);
CREATE INDEX credit_note_by_customer
    ON credit_note (tenant_id, customer_id, issued_time, credit_note_id);
CREATE INDEX credit_note_by_invoice
    ON credit_note (tenant_id, invoice_id, issued_time, credit_note_id)
    WHERE invoice_id IS NOT NULL;
-- Credited in a period.
CREATE INDEX credit_note_by_date ON credit_note (tenant_id, credit_note_date);
