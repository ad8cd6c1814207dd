-- What agencies pass on: the head, and counts and sums over the lines. It only
-- grows.
CREATE TABLE remittance (
    tenant_id            uuid           NOT NULL,
    remittance_id        uuid           NOT NULL,
    agency_id            uuid           NOT NULL,
    remittance_reference text           NOT NULL,
    remittance_date      date           NOT NULL,
    mode                 text           NOT NULL,
    currency_code        char(3)        NOT NULL,
    line_count           integer        NOT NULL,
    booked_count         integer        NOT NULL,
    parked_count         integer        NOT NULL,
    gross_amount         numeric(19, 4) NOT NULL,
    commission_amount    numeric(19, 4) NOT NULL,
    imported_time        timestamptz    NOT NULL,
    imported_by          text           NOT NULL,
    booked_time          timestamptz,
    version              bigint         NOT NULL,
    -- As the domain derives it from the counts; here so that one can ask for it.
    state                text           NOT NULL GENERATED ALWAYS AS (
        CASE WHEN booked_count + parked_count < line_count THEN 'BOOKING'
             WHEN parked_count > 0 THEN 'NEEDS_ATTENTION'
             ELSE 'BOOKED' END) STORED,
    PRIMARY KEY (tenant_id, remittance_id),
    CONSTRAINT remittance_agency FOREIGN KEY (tenant_id, agency_id)
        REFERENCES agency (tenant_id, agency_id),
    CONSTRAINT remittance_reference UNIQUE (tenant_id, agency_id, remittance_reference),
    CONSTRAINT remittance_reference_length CHECK (length(remittance_reference) BETWEEN 1 AND 128),
    CONSTRAINT remittance_mode CHECK (mode IN ('GROSS', 'NET')),
    CONSTRAINT remittance_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT remittance_counts CHECK (
        line_count >= 0 AND booked_count >= 0 AND parked_count >= 0
        AND booked_count + parked_count <= line_count),
    CONSTRAINT remittance_amounts CHECK (
        commission_amount BETWEEN 0 AND gross_amount
        AND (mode = 'NET' OR commission_amount = 0))
);
SELECT recoup_protect('remittance', 'SELECT, INSERT, UPDATE');
CREATE INDEX remittance_newest ON remittance (tenant_id, imported_time DESC, remittance_id DESC);
CREATE INDEX remittance_by_agency
    ON remittance (tenant_id, agency_id, imported_time DESC, remittance_id DESC);
CREATE INDEX remittance_by_state ON remittance (tenant_id, state, imported_time DESC)
    WHERE booked_count < line_count;
