-- What an agency earns by agreement, one schedule a currency, tiers asked in the
-- order of their numbers. Never changed: new rates are a new agreement.
CREATE TABLE commission_schedule (
    tenant_id     uuid    NOT NULL,
    agreement_id  uuid    NOT NULL,
    currency_code char(3) NOT NULL,
    method        text    NOT NULL,
    age_basis     text    NOT NULL,
    PRIMARY KEY (tenant_id, agreement_id, currency_code),
    CONSTRAINT commission_schedule_agreement FOREIGN KEY (tenant_id, agreement_id)
        REFERENCES agreement (tenant_id, agreement_id),
    CONSTRAINT commission_schedule_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT commission_schedule_method CHECK (method IN ('WHOLE_BALANCE', 'MARGINAL')),
    CONSTRAINT commission_schedule_age_basis CHECK (
        age_basis IN ('OLDEST_DUE_DATE', 'OLDEST_INVOICE_DATE'))
);
SELECT recoup_protect('commission_schedule', 'SELECT, INSERT');

CREATE TABLE commission_tier (
    tenant_id            uuid    NOT NULL,
    agreement_id         uuid    NOT NULL,
    currency_code        char(3) NOT NULL,
    tier_number          integer NOT NULL,
    min_age_days         integer,
    max_age_days         integer,
    -- Of the schedule's currency: from inclusive, below exclusive.
    from_amount          numeric(19, 4),
    below_amount         numeric(19, 4),
    foreign_debtor       boolean,
    min_placement_number integer,
    rate                 numeric(13, 12) NOT NULL,
    PRIMARY KEY (tenant_id, agreement_id, currency_code, tier_number),
    CONSTRAINT commission_tier_schedule FOREIGN KEY (tenant_id, agreement_id, currency_code)
        REFERENCES commission_schedule (tenant_id, agreement_id, currency_code),
    CONSTRAINT commission_tier_number CHECK (tier_number BETWEEN 1 AND 50),
    CONSTRAINT commission_tier_ages CHECK (
        min_age_days >= 0 AND max_age_days >= coalesce(min_age_days, 0)),
    CONSTRAINT commission_tier_amounts CHECK (
        from_amount >= 0 AND below_amount > coalesce(from_amount, 0)),
    CONSTRAINT commission_tier_placement_number CHECK (min_placement_number >= 1),
    CONSTRAINT commission_tier_rate CHECK (rate BETWEEN 0 AND 1)
);
SELECT recoup_protect('commission_tier', 'SELECT, INSERT');
