-- When and how often debtors may be contacted, from a day on. Dated data, only added to: what was
-- decided under a policy can be decided again under it.
CREATE TABLE contact_policy (
    tenant_id         uuid        NOT NULL,
    contact_policy_id uuid        NOT NULL,
    -- Null: in any country, of any kind.
    country_code      char(2),
    debtor_kind       text,
    valid_from_date   date        NOT NULL,
    definition        jsonb       NOT NULL,
    created_time      timestamptz NOT NULL,
    created_by        text        NOT NULL,
    PRIMARY KEY (tenant_id, contact_policy_id),
    CONSTRAINT contact_policy_debtor_kind CHECK (debtor_kind IN ('BUSINESS', 'CONSUMER'))
);
SELECT recoup_protect('contact_policy', 'SELECT, INSERT');
CREATE UNIQUE INDEX contact_policy_exists
    ON contact_policy (tenant_id, country_code, debtor_kind, valid_from_date) NULLS NOT DISTINCT;
