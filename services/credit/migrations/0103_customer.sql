-- Who owes or may owe the tenant.
CREATE TABLE customer (
    tenant_id           uuid        NOT NULL,
    customer_id         uuid        NOT NULL,
    -- The foreign system's own identity.
    external_id         text        CONSTRAINT customer_external_id_length CHECK (length(external_id) BETWEEN 1 AND 128),
    display_name        text        NOT NULL CONSTRAINT customer_display_name_length CHECK (length(display_name) BETWEEN 1 AND 200),
    kind                text        NOT NULL CONSTRAINT customer_kind_known CHECK (kind IN ('BUSINESS', 'CONSUMER')),
    -- Null: the segment of all others.
    segment             text,
    country_code        char(2)     NOT NULL,
    language            text        NOT NULL,
    -- Null: not known; then every zone of the country must allow a contact (P17).
    time_zone           text,
    address             jsonb,
    tax_number          text        NOT NULL,
    parent_customer_id  uuid,
    contacts            jsonb       NOT NULL,
    -- Null: the standard policy.
    credit_policy_code  text,
    customer_since_date date,
    created_time        timestamptz NOT NULL,
    -- Rises with everything that is announced of the customer.
    version             bigint      NOT NULL CONSTRAINT customer_version_positive CHECK (version > 0),
    -- Rises when the details change: what an etag is made of.
    details_version     bigint      NOT NULL CONSTRAINT customer_details_version_positive CHECK (details_version > 0),
    CONSTRAINT customer_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT customer_external_id_unique UNIQUE (tenant_id, external_id),
    CONSTRAINT customer_parent FOREIGN KEY (tenant_id, parent_customer_id) REFERENCES customer (tenant_id, customer_id),
    CONSTRAINT customer_not_own_parent CHECK (parent_customer_id <> customer_id)
);
SELECT recoup_protect('customer', 'SELECT, INSERT, UPDATE');
CREATE INDEX customer_by_parent ON customer (tenant_id, parent_customer_id) WHERE parent_customer_id IS NOT NULL;
CREATE INDEX customer_by_policy ON customer (tenant_id, (coalesce(credit_policy_code, 'standard')));
CREATE INDEX customer_oldest ON customer (tenant_id, created_time, customer_id);
