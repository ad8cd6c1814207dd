-- What credit announced of tenants: a projection, rebuilt from its feed.
CREATE TABLE tenant (
    tenant_id     uuid    NOT NULL,
    -- IANA name of the zone whose days are the tenant's business days.
    zone          text    NOT NULL,
    home_currency char(3) NOT NULL,
    -- Of the profile, as announced; an older one never replaces a newer one (P24).
    version       bigint  NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id)
);
SELECT recoup_protect('tenant', 'SELECT, INSERT, UPDATE');
