-- What payments knows of customers, from the feed of credit: names by which a
-- payer is suggested, whose parent may pay, how far a payment may miss.
CREATE TABLE customer (
    tenant_id          uuid   NOT NULL,
    customer_id        uuid   NOT NULL,
    external_id        text,
    -- Personal data.
    display_name       text   NOT NULL,
    parent_customer_id uuid,
    -- The tolerances granted, by the day from which they hold, rising.
    tolerances         jsonb  NOT NULL DEFAULT '[]',
    -- Version of the customer: an older one never overwrites a newer.
    version            bigint NOT NULL CONSTRAINT customer_version_positive CHECK (version > 0),
    PRIMARY KEY (tenant_id, customer_id)
);
SELECT recoup_protect('customer', 'SELECT, INSERT, UPDATE');
CREATE INDEX customer_by_external_id ON customer (tenant_id, external_id)
    WHERE external_id IS NOT NULL;

-- The beginnings of the words of names: names like a payer's are looked up here.
CREATE TABLE customer_name_key (
    tenant_id   uuid NOT NULL,
    name_key    text NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, name_key, customer_id)
);
SELECT recoup_protect('customer_name_key', 'SELECT, INSERT, DELETE');
CREATE INDEX customer_name_key_by_customer ON customer_name_key (tenant_id, customer_id);
