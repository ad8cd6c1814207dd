-- Who the tenant is: one row a tenant. The row is the lock between those who publish policies and
-- those whose customers come under them.
CREATE TABLE tenant_profile (
    tenant_id           uuid        NOT NULL,
    legal_name          text        NOT NULL CONSTRAINT tenant_profile_legal_name_length CHECK (length(legal_name) BETWEEN 1 AND 200),
    registration_number text        NOT NULL,
    tax_number          text        NOT NULL,
    -- Never change: dates and amounts would mean something else afterwards.
    time_zone           text        NOT NULL,
    home_currency       char(3)     NOT NULL,
    calendar_code       text        NOT NULL,
    language            text        NOT NULL,
    rate_max_age_days   int         NOT NULL CONSTRAINT tenant_profile_rate_age CHECK (rate_max_age_days BETWEEN 0 AND 31),
    address             jsonb       NOT NULL,
    sender              jsonb       NOT NULL,
    payee_accounts      jsonb       NOT NULL,
    created_time        timestamptz NOT NULL,
    version             bigint      NOT NULL CONSTRAINT tenant_profile_version_positive CHECK (version > 0),
    PRIMARY KEY (tenant_id)
);
SELECT recoup_protect('tenant_profile', 'SELECT, INSERT, UPDATE');
