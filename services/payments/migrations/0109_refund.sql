-- Unapplied money given back to the payer (CA-6). Append-only.
CREATE TABLE refund (
    tenant_id     uuid          NOT NULL,
    refund_id     uuid          NOT NULL,
    receipt_id    uuid          NOT NULL,
    currency_code char(3)       NOT NULL,
    amount        numeric(19,4) NOT NULL,
    -- May name people.
    note          text          NOT NULL,
    refund_date   date          NOT NULL,
    created_time  timestamptz   NOT NULL,
    PRIMARY KEY (tenant_id, refund_id),
    FOREIGN KEY (tenant_id, receipt_id) REFERENCES receipt,
    CONSTRAINT refund_amount_positive CHECK (amount > 0)
);
SELECT recoup_protect('refund', 'SELECT, INSERT');
CREATE INDEX refund_by_receipt ON refund (tenant_id, receipt_id, created_time, refund_id);
