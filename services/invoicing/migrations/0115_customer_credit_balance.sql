-- What we owe a customer in one currency, all credits together: what is
-- announced, with a version of its own, so that consumers can tell which is newer.
CREATE TABLE customer_credit_balance (
    tenant_id   uuid          NOT NULL,
    customer_id uuid          NOT NULL,
    currency    char(3)       NOT NULL,
    open_amount numeric(19,4) NOT NULL
        CONSTRAINT customer_credit_balance_not_negative CHECK (open_amount >= 0),
    version     bigint        NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id, customer_id, currency)
) WITH (fillfactor = 85);
SELECT recoup_protect('customer_credit_balance',
    'SELECT, INSERT, UPDATE (open_amount, version)');
