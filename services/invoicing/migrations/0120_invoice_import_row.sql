-- The rows of an import as they came, and what became of each.
CREATE TABLE invoice_import_row (
    tenant_id   uuid    NOT NULL,
    import_id   uuid    NOT NULL,
    row_number  integer NOT NULL CHECK (row_number >= 1),
    external_id text    NOT NULL,
    -- The encoded row.
    content     bytea   NOT NULL,
    -- Null: accepted and not applied yet.
    outcome     text
        CONSTRAINT invoice_import_row_outcome
        CHECK (outcome IN ('IMPORTED', 'UNCHANGED', 'REJECTED')),
    -- Field, reason and message of each fault of a rejected row.
    faults      jsonb,
    PRIMARY KEY (tenant_id, import_id, row_number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES invoice_import,
    CONSTRAINT invoice_import_row_rejected
        CHECK ((faults IS NOT NULL) = (coalesce(outcome, '') = 'REJECTED'))
) WITH (fillfactor = 85);
SELECT recoup_protect('invoice_import_row', 'SELECT, INSERT, UPDATE (outcome, faults)');
-- Rows with one external id are told from each other.
CREATE INDEX invoice_import_row_by_external_id
    ON invoice_import_row (tenant_id, import_id, external_id);
-- What is still to be applied.
CREATE INDEX invoice_import_row_left ON invoice_import_row (tenant_id, import_id, row_number)
    WHERE outcome IS NULL;
