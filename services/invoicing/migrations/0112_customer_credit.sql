-- What we owe customers from credit notes.
CREATE TABLE customer_credit (
    tenant_id          uuid          NOT NULL,
    customer_credit_id uuid          NOT NULL,
    customer_id        uuid          NOT NULL,
    credit_note_id     uuid          NOT NULL,
    currency           char(3)       NOT NULL,
    original_amount    numeric(19,4) NOT NULL CHECK (original_amount > 0),
    -- The sum of its entries.
    open_amount        numeric(19,4) NOT NULL,
    credit_date        date          NOT NULL,
    created_time       timestamptz   NOT NULL,
    last_entry_number  bigint        NOT NULL,
    version            bigint        NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id, customer_credit_id),
    FOREIGN KEY (tenant_id, credit_note_id) REFERENCES credit_note,
    CONSTRAINT customer_credit_open CHECK (open_amount BETWEEN 0 AND original_amount)
) WITH (fillfactor = 85);
SELECT recoup_protect('customer_credit',
    'SELECT, INSERT, UPDATE (open_amount, last_entry_number, version)');
-- Lists, oldest first.
CREATE INDEX customer_credit_by_time
    ON customer_credit (tenant_id, created_time, customer_credit_id);
CREATE INDEX customer_credit_by_customer
    ON customer_credit (tenant_id, customer_id, created_time, customer_credit_id);
