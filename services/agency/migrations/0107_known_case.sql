-- What reminders tells: the case of a customer, how far reminding has come with
-- each invoice, and which channels a customer opted out of. Projections.
CREATE TABLE known_case (
    tenant_id   uuid NOT NULL,
    customer_id uuid NOT NULL,
    case_id     uuid NOT NULL,
    PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT known_case_id UNIQUE (tenant_id, case_id)
);
SELECT recoup_protect('known_case', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE known_ladder (
    tenant_id      uuid    NOT NULL,
    invoice_id     uuid    NOT NULL,
    level          integer NOT NULL,
    completed      boolean NOT NULL,
    last_step_date date,
    PRIMARY KEY (tenant_id, invoice_id),
    CONSTRAINT known_ladder_level CHECK (level >= 0)
);
SELECT recoup_protect('known_ladder', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE known_consent (
    tenant_id      uuid        NOT NULL,
    customer_id    uuid        NOT NULL,
    channel        text        NOT NULL,
    opted_out      boolean     NOT NULL,
    -- From when it counts; an earlier word is older news.
    effective_time timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, channel)
);
SELECT recoup_protect('known_consent', 'SELECT, INSERT, UPDATE, DELETE');
