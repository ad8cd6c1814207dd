-- What credit announced of customers and the terms they are granted: a projection,
-- rebuilt from its feed. Names and contacts are not kept: nothing here needs them.
CREATE TABLE customer (
    tenant_id   uuid   NOT NULL,
    customer_id uuid   NOT NULL,
    -- The foreign system's own identity.
    external_id text,
    version     bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id, customer_id)
);
SELECT recoup_protect('customer', 'SELECT, INSERT, UPDATE');
CREATE UNIQUE INDEX customer_by_external_id ON customer (tenant_id, external_id)
    WHERE external_id IS NOT NULL;

-- On what terms a customer buys from a day on. Not tied to the customer's row: terms
-- may be heard of first.
CREATE TABLE customer_grant (
    tenant_id       uuid   NOT NULL,
    customer_id     uuid   NOT NULL,
    valid_from_date date   NOT NULL,
    -- Terms, offer and tolerance.
    content         jsonb  NOT NULL,
    -- Position of the announcement: the later one of the same day holds.
    position        bigint NOT NULL CHECK (position > 0),
    PRIMARY KEY (tenant_id, customer_id, valid_from_date)
);
SELECT recoup_protect('customer_grant', 'SELECT, INSERT, UPDATE');
