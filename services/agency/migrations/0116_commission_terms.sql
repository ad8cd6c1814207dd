-- What the agency earns on a placement, fixed when it became ACTIVE and never
-- changed.
CREATE TABLE commission_terms (
    tenant_id              uuid    NOT NULL,
    placement_id           uuid    NOT NULL,
    agreement_id           uuid    NOT NULL,
    method                 text    NOT NULL,
    age_days               integer NOT NULL,
    foreign_debtor         boolean NOT NULL,
    final_demand_date      date,
    counts_direct_payments boolean NOT NULL,
    tail_days              integer NOT NULL,
    decision_id            uuid    NOT NULL,
    PRIMARY KEY (tenant_id, placement_id),
    CONSTRAINT commission_terms_placement FOREIGN KEY (tenant_id, placement_id)
        REFERENCES placement (tenant_id, placement_id),
    CONSTRAINT commission_terms_agreement FOREIGN KEY (tenant_id, agreement_id)
        REFERENCES agreement (tenant_id, agreement_id),
    CONSTRAINT commission_terms_decision FOREIGN KEY (tenant_id, decision_id)
        REFERENCES decision (tenant_id, decision_id),
    CONSTRAINT commission_terms_method CHECK (method IN ('WHOLE_BALANCE', 'MARGINAL')),
    CONSTRAINT commission_terms_days CHECK (age_days >= 0 AND tail_days BETWEEN 0 AND 365)
);
SELECT recoup_protect('commission_terms', 'SELECT, INSERT');

-- Side by side from zero up; the last one never ends.
CREATE TABLE commission_slice (
    tenant_id     uuid            NOT NULL,
    placement_id  uuid            NOT NULL,
    slice_number  integer         NOT NULL,
    currency_code char(3)         NOT NULL,
    from_amount   numeric(19, 4)  NOT NULL,
    below_amount  numeric(19, 4),
    rate          numeric(13, 12) NOT NULL,
    PRIMARY KEY (tenant_id, placement_id, slice_number),
    CONSTRAINT commission_slice_terms FOREIGN KEY (tenant_id, placement_id)
        REFERENCES commission_terms (tenant_id, placement_id),
    CONSTRAINT commission_slice_number CHECK (slice_number BETWEEN 1 AND 50),
    CONSTRAINT commission_slice_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT commission_slice_bounds CHECK (from_amount >= 0 AND below_amount > from_amount),
    CONSTRAINT commission_slice_rate CHECK (rate BETWEEN 0 AND 1)
);
SELECT recoup_protect('commission_slice', 'SELECT, INSERT');
