-- Who the tenant is, as credit's feed last told: as whom reminders are written.
CREATE TABLE tenant_profile (
    tenant_id          uuid    NOT NULL,
    legal_name         text    NOT NULL,
    postal_lines       text[]  NOT NULL,
    -- IANA name; the tenant's days begin and end in it.
    time_zone          text    NOT NULL,
    home_currency      char(3) NOT NULL,
    calendar_code      text    NOT NULL,
    language           text    NOT NULL,
    sender_name        text    NOT NULL,
    sender_email       text    NOT NULL,
    reply_to_email     text,
    sender_phone       text,
    -- The accounts to pay to, the preferred one of a currency first.
    payee_accounts     jsonb   NOT NULL,
    -- Of two the higher counts.
    version            bigint  NOT NULL,
    PRIMARY KEY (tenant_id)
);
SELECT recoup_protect('tenant_profile', 'SELECT, INSERT, UPDATE');
