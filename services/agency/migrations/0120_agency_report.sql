-- What agencies say was paid, until a remittance brings it.
CREATE TABLE agency_report (
    tenant_id          uuid           NOT NULL,
    agency_report_id   uuid           NOT NULL,
    agency_id          uuid           NOT NULL,
    report_reference   text           NOT NULL,
    placement_id       uuid           NOT NULL,
    customer_id        uuid           NOT NULL,
    currency_code      char(3)        NOT NULL,
    amount             numeric(19, 4) NOT NULL,
    paid_date          date           NOT NULL,
    state              text           NOT NULL,
    remittance_line_id uuid,
    note               text,
    reported_time      timestamptz    NOT NULL,
    PRIMARY KEY (tenant_id, agency_report_id),
    CONSTRAINT agency_report_agency FOREIGN KEY (tenant_id, agency_id)
        REFERENCES agency (tenant_id, agency_id),
    CONSTRAINT agency_report_placement FOREIGN KEY (tenant_id, placement_id)
        REFERENCES placement (tenant_id, placement_id),
    CONSTRAINT agency_report_line FOREIGN KEY (tenant_id, remittance_line_id)
        REFERENCES remittance_line (tenant_id, remittance_line_id),
    CONSTRAINT agency_report_reference UNIQUE (tenant_id, agency_id, report_reference),
    CONSTRAINT agency_report_reference_length CHECK (length(report_reference) BETWEEN 1 AND 128),
    CONSTRAINT agency_report_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT agency_report_amount CHECK (amount > 0),
    CONSTRAINT agency_report_state CHECK (state IN ('REPORTED', 'REMITTED')),
    CONSTRAINT agency_report_remitted CHECK ((state = 'REMITTED') = (remittance_line_id IS NOT NULL))
);
SELECT recoup_protect('agency_report', 'SELECT, INSERT, UPDATE');
CREATE INDEX agency_report_newest
    ON agency_report (tenant_id, reported_time DESC, agency_report_id DESC);
CREATE INDEX agency_report_by_placement
    ON agency_report (tenant_id, placement_id, reported_time DESC, agency_report_id DESC);
-- What is still to come from an agency.
CREATE INDEX agency_report_expected
    ON agency_report (tenant_id, agency_id, reported_time DESC, agency_report_id DESC)
    WHERE state = 'REPORTED';
