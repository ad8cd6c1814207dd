-- The companies that collect. The row is what is locked before its agreements and
-- batches change: agreements must not overlap, batch numbers leave no gap.
CREATE TABLE agency (
    tenant_id       uuid        NOT NULL,
    agency_id       uuid        NOT NULL,
    external_id     text,
    display_name    text        NOT NULL,
    legal_name      text        NOT NULL,
    country_code    char(2)     NOT NULL,
    contact_email   text,
    contact_phone   text,
    state           text        NOT NULL,
    suspension_note text,
    created_time    timestamptz NOT NULL,
    version         bigint      NOT NULL,
    PRIMARY KEY (tenant_id, agency_id),
    CONSTRAINT agency_external_id UNIQUE (tenant_id, external_id),
    CONSTRAINT agency_external_id_length CHECK (length(external_id) BETWEEN 1 AND 128),
    CONSTRAINT agency_names CHECK (
        length(display_name) BETWEEN 1 AND 200 AND length(legal_name) BETWEEN 1 AND 200),
    CONSTRAINT agency_country CHECK (country_code ~ '^[A-Z]{2}$'),
    CONSTRAINT agency_state CHECK (state IN ('ACTIVE', 'SUSPENDED')),
    CONSTRAINT agency_suspended_with_note CHECK ((state = 'SUSPENDED') = (suspension_note IS NOT NULL)),
    CONSTRAINT agency_version CHECK (version > 0)
);
SELECT recoup_protect('agency', 'SELECT, INSERT, UPDATE');
CREATE INDEX agency_by_name ON agency (tenant_id, display_name, agency_id);
