-- The invoices of a case, as invoicing's feed last told of them, and how far up the ladder they are.
CREATE TABLE case_invoice (
    tenant_id       uuid          NOT NULL,
    invoice_id      uuid          NOT NULL,
    case_id         uuid          NOT NULL,
    invoice_number  text          NOT NULL,
    external_id     text,
    invoice_date    date          NOT NULL,
    currency        char(3)       NOT NULL,
    open_amount     numeric(19,4) NOT NULL,
    disputed_amount numeric(19,4) NOT NULL,
    -- The steps count from it; null: nothing is owed.
    oldest_due_date date,
    -- Of the items that the steps count from.
    level           smallint      NOT NULL DEFAULT 0,
    -- From this day on its next step does not wait for its own.
    expedited_from  date,
    -- The due step that was last reported as kept out, so that it is reported once.
    kept_out_level  smallint,
    kept_out_reason text,
    -- Invoicing's version of the balance; of two the higher counts.
    version         bigint        NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES collection_case,
    CONSTRAINT case_invoice_open CHECK (open_amount >= 0),
    CONSTRAINT case_invoice_disputed CHECK (disputed_amount >= 0),
    CONSTRAINT case_invoice_owed CHECK ((open_amount > 0) = (oldest_due_date IS NOT NULL)),
    CONSTRAINT case_invoice_level CHECK (level BETWEEN 0 AND 50),
    CONSTRAINT case_invoice_kept_out
        CHECK ((kept_out_level IS NULL) = (kept_out_reason IS NULL))
) WITH (fillfactor = 80);
SELECT recoup_protect('case_invoice', 'SELECT, INSERT, UPDATE');
CREATE INDEX case_invoice_of_case ON case_invoice
    (tenant_id, case_id, oldest_due_date, invoice_number);
CREATE INDEX case_invoice_owed_of_case ON case_invoice (tenant_id, case_id)
    WHERE open_amount > 0;
