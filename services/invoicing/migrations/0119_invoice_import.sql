-- Imports of invoices: received and checked whole, then applied in batches, so
-- that one is whole or not at all and can be taken up where it was cut short.
CREATE TABLE invoice_import (
    tenant_id       uuid        NOT NULL,
    import_id       uuid        NOT NULL,
    -- Who asked, under which id: a repeat finds the same import.
    caller          text        NOT NULL,
    request_id      text        NOT NULL,
    -- Hash of all that was received; null while rows still come in.
    fingerprint     bytea       CHECK (length(fingerprint) = 32),
    state           text        NOT NULL
        CONSTRAINT invoice_import_state
        CHECK (state IN ('RECEIVING', 'APPLYING', 'VALIDATED', 'COMPLETED', 'REFUSED')),
    validate_only   boolean     NOT NULL,
    skip_bad        boolean     NOT NULL,
    row_count       integer     NOT NULL DEFAULT 0 CHECK (row_count >= 0),
    imported_count  integer     NOT NULL DEFAULT 0,
    unchanged_count integer     NOT NULL DEFAULT 0,
    rejected_count  integer     NOT NULL DEFAULT 0,
    created_time   timestamptz NOT NULL,
    finished_time   timestamptz,
    PRIMARY KEY (tenant_id, import_id),
    CONSTRAINT invoice_import_request_key UNIQUE (tenant_id, caller, request_id),
    CONSTRAINT invoice_import_counts
        CHECK (imported_count + unchanged_count + rejected_count BETWEEN 0 AND row_count),
    CONSTRAINT invoice_import_finished
        CHECK ((finished_time IS NOT NULL) = (state IN ('VALIDATED', 'COMPLETED', 'REFUSED')))
);
SELECT recoup_protect('invoice_import', 'SELECT, INSERT, UPDATE');
