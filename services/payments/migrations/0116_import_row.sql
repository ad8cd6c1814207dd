-- Rows of imports, of receipts and of bank statements, from when they came until
-- the import has ended: so that an import that was cut short goes on.
CREATE TABLE import_row (
    tenant_id   uuid    NOT NULL,
    import_id   uuid    NOT NULL,
    -- The number by which reports name the row.
    row_number  integer NOT NULL,
    external_id text,
    -- The row as it was read; may have personal data.
    content     jsonb   NOT NULL,
    -- By what a bank line is known again; null for receipts.
    line_key    bytea,
    -- What it became; null while it waits.
    outcome     text,
    -- The receipt it was recorded as, and the application of it.
    receipt_id  uuid,
    PRIMARY KEY (tenant_id, import_id, row_number),
    CONSTRAINT import_row_number_positive CHECK (row_number > 0),
    CONSTRAINT import_row_outcome_known CHECK (
        outcome IN ('REJECTED', 'UNCHANGED', 'DUPLICATE', 'RECORDED', 'APPLIED', 'REFUSED'))
);
SELECT recoup_protect('import_row', 'SELECT, INSERT, UPDATE, DELETE');
CREATE INDEX import_row_waiting ON import_row (tenant_id, import_id, row_number)
    WHERE outcome IS NULL OR outcome = 'RECORDED';
CREATE INDEX import_row_by_external_id ON import_row (tenant_id, import_id, external_id)
    WHERE external_id IS NOT NULL;
