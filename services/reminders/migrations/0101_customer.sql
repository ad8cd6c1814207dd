-- Customers, as credit's feed last told of them: whom to write to, where and in which language.
CREATE TABLE customer (
    tenant_id    uuid    NOT NULL,
    customer_id  uuid    NOT NULL,
    external_id  text,
    display_name text    NOT NULL,
    kind         text    NOT NULL,
    -- Decides the strategy; empty for the one that serves all others.
    segment      text    NOT NULL,
    country_code char(2) NOT NULL,
    language     text    NOT NULL,
    -- IANA name; null: not known, then every zone of the country must allow a contact.
    time_zone    text,
    postal_lines text[]  NOT NULL,
    contacts     jsonb   NOT NULL,
    -- Of two the higher counts.
    version      bigint  NOT NULL,
    PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT customer_kind CHECK (kind IN ('BUSINESS', 'CONSUMER'))
);
SELECT recoup_protect('customer', 'SELECT, INSERT, UPDATE');
