-- What payments knows of a tenant, from the feed of credit: the zone that says
-- which day it is.
CREATE TABLE tenant (
    tenant_id          uuid    NOT NULL,
    time_zone          text    NOT NULL,
    home_currency_code char(3) NOT NULL,
    -- Version of the profile: an older one never overwrites a newer.
    version            bigint  NOT NULL CONSTRAINT tenant_version_positive CHECK (version > 0),
    PRIMARY KEY (tenant_id)
);
SELECT recoup_protect('tenant', 'SELECT, INSERT, UPDATE');
