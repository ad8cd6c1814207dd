-- What agencies earned: append-only. A payment taken back is an entry of the
-- opposite sign.
CREATE TABLE commission (
    tenant_id              uuid           NOT NULL,
    commission_id          uuid           NOT NULL,
    agency_id              uuid           NOT NULL,
    placement_id           uuid           NOT NULL,
    agreement_id           uuid           NOT NULL,
    source                 text           NOT NULL,
    remittance_line_id     uuid,
    receipt_id             uuid           NOT NULL,
    application_id         uuid,
    reversed_commission_id uuid,
    currency_code          char(3)        NOT NULL,
    base_amount            numeric(19, 4) NOT NULL,
    amount                 numeric(19, 4) NOT NULL,
    agreed_amount          numeric(19, 4) NOT NULL,
    settlement             text           NOT NULL,
    -- Whether the payment earns by its day, and so fills marginal slices.
    earns                  boolean        NOT NULL,
    paid_date              date           NOT NULL,
    booked_time            timestamptz    NOT NULL,
    decision_id            uuid           NOT NULL,
    PRIMARY KEY (tenant_id, commission_id),
    CONSTRAINT commission_agency FOREIGN KEY (tenant_id, agency_id)
        REFERENCES agency (tenant_id, agency_id),
    CONSTRAINT commission_placement FOREIGN KEY (tenant_id, placement_id)
        REFERENCES placement (tenant_id, placement_id),
    CONSTRAINT commission_agreement FOREIGN KEY (tenant_id, agreement_id)
        REFERENCES agreement (tenant_id, agreement_id),
    CONSTRAINT commission_line FOREIGN KEY (tenant_id, remittance_line_id)
        REFERENCES remittance_line (tenant_id, remittance_line_id),
    CONSTRAINT commission_reversed FOREIGN KEY (tenant_id, reversed_commission_id)
        REFERENCES commission (tenant_id, commission_id),
    CONSTRAINT commission_decision FOREIGN KEY (tenant_id, decision_id)
        REFERENCES decision (tenant_id, decision_id),
    CONSTRAINT commission_source CHECK (source IN ('REMITTANCE', 'DIRECT_PAYMENT', 'REVERSAL')),
    CONSTRAINT commission_source_named CHECK (
        (remittance_line_id IS NULL) <> (application_id IS NULL)
        AND (source <> 'REMITTANCE' OR remittance_line_id IS NOT NULL)
        AND (source <> 'DIRECT_PAYMENT' OR application_id IS NOT NULL)
        AND (source = 'REVERSAL') = (reversed_commission_id IS NOT NULL)),
    CONSTRAINT commission_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT commission_settlement CHECK (settlement IN ('KEPT_BACK', 'INVOICED')),
    -- AY-5: never more than the payment, and of its sign.
    CONSTRAINT commission_amounts CHECK (
        CASE WHEN source = 'REVERSAL'
             THEN base_amount < 0 AND amount BETWEEN base_amount AND 0
                  AND agreed_amount BETWEEN base_amount AND 0
             ELSE base_amount > 0 AND amount BETWEEN 0 AND base_amount
                  AND agreed_amount BETWEEN 0 AND base_amount END),
    CONSTRAINT commission_invoiced_as_agreed CHECK (
        settlement = 'KEPT_BACK' OR amount = agreed_amount)
);
SELECT recoup_protect('commission', 'SELECT, INSERT');
-- One entry a line, one an application to a placement, and each taken back once.
CREATE UNIQUE INDEX commission_once_a_line ON commission (tenant_id, remittance_line_id)
    WHERE source = 'REMITTANCE';
CREATE UNIQUE INDEX commission_once_an_application
    ON commission (tenant_id, placement_id, application_id) WHERE source = 'DIRECT_PAYMENT';
CREATE UNIQUE INDEX commission_reversed_once ON commission (tenant_id, reversed_commission_id)
    WHERE reversed_commission_id IS NOT NULL;
CREATE INDEX commission_newest ON commission (tenant_id, booked_time DESC, commission_id DESC);
CREATE INDEX commission_by_agency
    ON commission (tenant_id, agency_id, booked_time DESC, commission_id DESC);
CREATE INDEX commission_by_placement
    ON commission (tenant_id, placement_id, booked_time DESC, commission_id DESC);
