-- Imports of receipts that another system recorded.
CREATE TABLE receipt_import (
    tenant_id            uuid        NOT NULL,
    receipt_import_id    uuid        NOT NULL,
    state                text        NOT NULL,
    row_count            integer     NOT NULL DEFAULT 0,
    imported_count       integer     NOT NULL DEFAULT 0,
    unchanged_count      integer     NOT NULL DEFAULT 0,
    rejected_count       integer     NOT NULL DEFAULT 0,
    applied_count        integer     NOT NULL DEFAULT 0,
    -- The faults of bad rows, the first 10000.
    rejected_rows        jsonb       NOT NULL DEFAULT '[]',
    -- Rows whose application invoicing refused.
    refused_applications jsonb       NOT NULL DEFAULT '[]',
    operation_id         uuid,
    created_time         timestamptz NOT NULL,
    ended_time           timestamptz,
    PRIMARY KEY (tenant_id, receipt_import_id),
    CONSTRAINT receipt_import_state_known CHECK (
        state IN ('RECEIVING', 'VALIDATED', 'REFUSED', 'RECORDING', 'APPLYING', 'COMPLETED')),
    CONSTRAINT receipt_import_ended CHECK (
        (ended_time IS NULL) = (state IN ('RECEIVING', 'RECORDING', 'APPLYING'))),
    CONSTRAINT receipt_import_counts CHECK (
        imported_count >= 0 AND unchanged_count >= 0 AND rejected_count >= 0
        AND applied_count BETWEEN 0 AND imported_count
        AND row_count >= imported_count + unchanged_count + rejected_count)
);
SELECT recoup_protect('receipt_import', 'SELECT, INSERT, UPDATE');
