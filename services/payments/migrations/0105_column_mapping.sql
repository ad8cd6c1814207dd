-- How the CSV statements of banks are read. An import keeps the mapping as it was.
CREATE TABLE column_mapping (
    tenant_id         uuid        NOT NULL,
    column_mapping_id uuid        NOT NULL,
    display_name      text        NOT NULL,
    layout            jsonb       NOT NULL,
    created_time      timestamptz NOT NULL,
    version           bigint      NOT NULL
        CONSTRAINT column_mapping_version_positive CHECK (version > 0),
    PRIMARY KEY (tenant_id, column_mapping_id),
    CONSTRAINT column_mapping_name_taken UNIQUE (tenant_id, display_name)
);
SELECT recoup_protect('column_mapping', 'SELECT, INSERT, UPDATE');
