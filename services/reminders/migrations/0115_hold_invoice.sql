-- The invoices that a hold bears, or bore, on.
CREATE TABLE hold_invoice (
    tenant_id     uuid    NOT NULL,
    hold_id       uuid    NOT NULL,
    invoice_id    uuid    NOT NULL,
    -- Whether the hold is a placement's: one of those at a time has the invoice.
    exclusive     boolean NOT NULL,
    released_time timestamptz,
    PRIMARY KEY (tenant_id, hold_id, invoice_id),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES hold,
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES case_invoice
);
SELECT recoup_protect('hold_invoice', 'SELECT, INSERT, UPDATE');
CREATE INDEX hold_invoice_by_invoice ON hold_invoice (tenant_id, invoice_id);
CREATE UNIQUE INDEX hold_invoice_placed ON hold_invoice (tenant_id, invoice_id)
    WHERE exclusive AND released_time IS NULL;
