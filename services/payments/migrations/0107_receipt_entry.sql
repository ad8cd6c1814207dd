-- The history of receipts: each entry moves an amount from one place to another.
-- Append-only; a correction is a new entry (P8).
CREATE TABLE receipt_entry (
    tenant_id           uuid          NOT NULL,
    receipt_id          uuid          NOT NULL,
    -- From 1 on, without gaps: two writers of one receipt cannot both write.
    entry_number        integer       NOT NULL,
    kind                text          NOT NULL,
    currency_code       char(3)       NOT NULL,
    amount              numeric(19,4) NOT NULL,
    -- The day from which it counts in anything as of a date (AG-4, CA-7).
    entry_date          date          NOT NULL,
    -- What caused it; all null for recording.
    application_id      uuid,
    reversal_id         uuid,
    refund_id           uuid,
    receipt_reversal_id uuid,
    created_time        timestamptz   NOT NULL,
    PRIMARY KEY (tenant_id, receipt_id, entry_number),
    FOREIGN KEY (tenant_id, receipt_id) REFERENCES receipt,
    CONSTRAINT receipt_entry_number_positive CHECK (entry_number > 0),
    CONSTRAINT receipt_entry_amount_positive CHECK (amount > 0),
    CONSTRAINT receipt_entry_cause_fits CHECK (CASE kind
        WHEN 'RECEIVED' THEN
            num_nonnulls(application_id, reversal_id, refund_id, receipt_reversal_id) = 0
        WHEN 'RESERVED' THEN application_id IS NOT NULL AND reversal_id IS NULL
        WHEN 'ALLOCATED' THEN application_id IS NOT NULL AND reversal_id IS NULL
        WHEN 'TOLERANCE_KEPT' THEN application_id IS NOT NULL AND reversal_id IS NULL
        WHEN 'RELEASED' THEN application_id IS NOT NULL AND reversal_id IS NULL
        WHEN 'UNALLOCATED' THEN application_id IS NOT NULL AND reversal_id IS NOT NULL
        WHEN 'TOLERANCE_UNDONE' THEN application_id IS NOT NULL AND reversal_id IS NOT NULL
        WHEN 'REFUNDED' THEN refund_id IS NOT NULL AND application_id IS NULL
        WHEN 'RETURNED' THEN receipt_reversal_id IS NOT NULL AND application_id IS NULL
        ELSE false END)
);
SELECT recoup_protect('receipt_entry', 'SELECT, INSERT');
-- The money comes in once (P7), an application is allocated once and taken back
-- once (P6), a receipt is returned once.
CREATE UNIQUE INDEX receipt_entry_received_once
    ON receipt_entry (tenant_id, receipt_id) WHERE kind = 'RECEIVED';
CREATE UNIQUE INDEX receipt_entry_returned_once
    ON receipt_entry (tenant_id, receipt_id) WHERE kind = 'RETURNED';
CREATE UNIQUE INDEX receipt_entry_application_once
    ON receipt_entry (tenant_id, application_id, kind) WHERE application_id IS NOT NULL;
