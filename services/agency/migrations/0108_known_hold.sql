-- What holds debts in reminders at present: a row while the hold is in force. A
-- hold without invoices bears on the whole case, invoices to come included. A
-- projection.
CREATE TABLE known_hold (
    tenant_id   uuid    NOT NULL,
    hold_id     uuid    NOT NULL,
    customer_id uuid    NOT NULL,
    reason      text    NOT NULL,
    whole_case  boolean NOT NULL,
    PRIMARY KEY (tenant_id, hold_id),
    CONSTRAINT known_hold_reason CHECK (reason IN (
        'DISPUTE', 'PROMISE', 'PAYMENT_PLAN', 'PLACEMENT', 'MANUAL', 'HARDSHIP',
        'BREATHING_SPACE', 'LEGAL', 'INSOLVENCY', 'DECEASED', 'CEASE_REQUEST', 'REVIEW'))
);
SELECT recoup_protect('known_hold', 'SELECT, INSERT, UPDATE, DELETE');
CREATE INDEX known_hold_of_customer ON known_hold (tenant_id, customer_id);

CREATE TABLE known_hold_invoice (
    tenant_id  uuid NOT NULL,
    hold_id    uuid NOT NULL,
    invoice_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, hold_id, invoice_id),
    CONSTRAINT known_hold_invoice_hold FOREIGN KEY (tenant_id, hold_id)
        REFERENCES known_hold (tenant_id, hold_id) ON DELETE CASCADE
);
SELECT recoup_protect('known_hold_invoice', 'SELECT, INSERT, DELETE');
CREATE INDEX known_hold_by_invoice ON known_hold_invoice (tenant_id, invoice_id);
