-- The invoices that a contact was about; none: the case as a whole.
CREATE TABLE communication_invoice (
    tenant_id        uuid NOT NULL,
    communication_id uuid NOT NULL,
    invoice_id       uuid NOT NULL,
    PRIMARY KEY (tenant_id, communication_id, invoice_id),
    FOREIGN KEY (tenant_id, communication_id) REFERENCES communication,
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES case_invoice
);
SELECT recoup_protect('communication_invoice', 'SELECT, INSERT');
CREATE INDEX communication_invoice_by_invoice ON communication_invoice (tenant_id, invoice_id);
