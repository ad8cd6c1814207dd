-- Receipts taken back as a whole: each at most once (P6). Append-only.
CREATE TABLE receipt_reversal (
    tenant_id           uuid        NOT NULL,
    receipt_reversal_id uuid        NOT NULL,
    receipt_id          uuid        NOT NULL,
    reason              text        NOT NULL,
    -- May name people.
    note                text        NOT NULL,
    reversal_date       date        NOT NULL,
    -- The operation that drives it on.
    operation_id        uuid,
    created_time        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, receipt_reversal_id),
    FOREIGN KEY (tenant_id, receipt_id) REFERENCES receipt,
    CONSTRAINT receipt_reversal_once UNIQUE (tenant_id, receipt_id),
    CONSTRAINT receipt_reversal_reason_known CHECK (
        reason IN ('RECORDED_IN_ERROR', 'RETURNED', 'CHARGED_BACK', 'NOT_A_RECEIPT'))
);
SELECT recoup_protect('receipt_reversal', 'SELECT, INSERT');
