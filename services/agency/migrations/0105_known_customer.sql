-- What credit tells of customers: by what the policy judges them, and what an
-- agency is told of them. Personal data. A projection.
CREATE TABLE known_customer (
    tenant_id     uuid    NOT NULL,
    customer_id   uuid    NOT NULL,
    external_id   text,
    display_name  text    NOT NULL,
    kind          text    NOT NULL,
    segment       text    NOT NULL,
    country_code  char(2) NOT NULL,
    language      text    NOT NULL,
    -- Empty: not known.
    time_zone     text    NOT NULL,
    address_lines text[]  NOT NULL,
    postal_code   text    NOT NULL,
    city          text    NOT NULL,
    region        text    NOT NULL,
    -- The contact for accounts payable, else the first; empty where there is none.
    contact_name  text    NOT NULL,
    contact_email text    NOT NULL,
    contact_phone text    NOT NULL,
    feed_version  bigint  NOT NULL,
    PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT known_customer_kind CHECK (kind IN ('BUSINESS', 'CONSUMER')),
    CONSTRAINT known_customer_country CHECK (country_code ~ '^[A-Z]{2}$')
);
SELECT recoup_protect('known_customer', 'SELECT, INSERT, UPDATE, DELETE');
