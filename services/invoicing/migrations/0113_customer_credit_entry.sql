-- Every step in the history of a customer's credit, so that aging can tell it as
-- of any day (AG-2). Append-only.
CREATE TABLE customer_credit_entry (
    tenant_id                      uuid          NOT NULL,
    customer_credit_id             uuid          NOT NULL,
    -- Place in the history of the credit, from 1 on.
    entry_number                   bigint        NOT NULL CHECK (entry_number >= 1),
    customer_id                    uuid          NOT NULL,
    currency                       char(3)       NOT NULL,
    -- Negative when it was used.
    amount                         numeric(19,4) NOT NULL CHECK (amount <> 0),
    entry_date                     date          NOT NULL,
    -- The use; null for the credit note.
    customer_credit_application_id uuid,
    created_time                   timestamptz   NOT NULL,
    PRIMARY KEY (tenant_id, customer_credit_id, entry_number),
    FOREIGN KEY (tenant_id, customer_credit_id) REFERENCES customer_credit
);
SELECT recoup_protect('customer_credit_entry', 'SELECT, INSERT');
CREATE INDEX customer_credit_entry_by_customer
    ON customer_credit_entry (tenant_id, customer_id, currency, entry_date);
