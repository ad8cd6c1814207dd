-- What payments knows of invoices, from the feed of invoicing. It may lag: money
-- is applied by invoicing under its own lock.
CREATE TABLE invoice (
    tenant_id         uuid          NOT NULL,
    invoice_id        uuid          NOT NULL,
    customer_id       uuid          NOT NULL,
    external_id       text,
    invoice_number    text          NOT NULL,
    payment_reference text          NOT NULL,
    invoice_date      date          NOT NULL,
    currency_code     char(3)       NOT NULL,
    open_amount       numeric(19,4) NOT NULL
        CONSTRAINT invoice_open_never_negative CHECK (open_amount >= 0),
    -- Open items with due dates and the discounts of paying early.
    items             jsonb         NOT NULL,
    -- Version of the invoice: an older one never overwrites a newer (P24).
    version           bigint        NOT NULL
        CONSTRAINT invoice_version_positive CHECK (version > 0),
    PRIMARY KEY (tenant_id, invoice_id)
);
SELECT recoup_protect('invoice', 'SELECT, INSERT, UPDATE');
CREATE INDEX invoice_by_number ON invoice (tenant_id, invoice_number);
CREATE INDEX invoice_by_external_id ON invoice (tenant_id, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX invoice_open_by_customer ON invoice (tenant_id, customer_id)
    WHERE open_amount > 0;
CREATE INDEX invoice_open_by_amount ON invoice (tenant_id, currency_code, open_amount)
    WHERE open_amount > 0;

-- The ways in which an invoice's number and payment reference are recognised in
-- what payers write.
CREATE TABLE invoice_reference (
    tenant_id     uuid NOT NULL,
    reference_key text NOT NULL,
    invoice_id    uuid NOT NULL,
    PRIMARY KEY (tenant_id, reference_key, invoice_id)
);
SELECT recoup_protect('invoice_reference', 'SELECT, INSERT, DELETE');
