-- What credit tells of the tenant: as whom debts are handed over, and in which zone
-- its days begin. A projection: replaying the feed makes it again.
CREATE TABLE known_tenant (
    tenant_id    uuid   NOT NULL,
    legal_name   text   NOT NULL,
    time_zone    text   NOT NULL,
    -- The version of credit's event; a lower one is older news (P24).
    feed_version bigint NOT NULL,
    PRIMARY KEY (tenant_id)
);
SELECT recoup_protect('known_tenant', 'SELECT, INSERT, UPDATE, DELETE');
