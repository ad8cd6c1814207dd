-- The invoices that a promise names.
CREATE TABLE promise_invoice (
    tenant_id  uuid NOT NULL,
    promise_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, promise_id, invoice_id),
    FOREIGN KEY (tenant_id, promise_id) REFERENCES promise,
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES case_invoice
);
SELECT recoup_protect('promise_invoice', 'SELECT, INSERT');
CREATE INDEX promise_invoice_by_invoice ON promise_invoice (tenant_id, invoice_id);
