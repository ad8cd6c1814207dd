-- The row that everything which changes what a customer uses of their limit locks first: two orders
-- that fit only one by one meet here (P11). Made with the customer.
CREATE TABLE exposure (
    tenant_id       uuid   NOT NULL,
    customer_id     uuid   NOT NULL,
    -- The earliest due date of anything open, as the feed of invoicing tells; null: nothing is.
    oldest_due_date date,
    -- Rises with every change of a position or reservation.
    version         bigint NOT NULL CONSTRAINT exposure_version_positive CHECK (version > 0),
    CONSTRAINT exposure_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT exposure_customer FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
SELECT recoup_protect('exposure', 'SELECT, INSERT, UPDATE');

-- What a customer owes and has paid in one currency, as the feeds of invoicing and payments tell.
-- What is reserved is not here: it is the sum over the reservations that count (EX-1).
CREATE TABLE currency_position (
    tenant_id              uuid          NOT NULL,
    customer_id            uuid          NOT NULL,
    currency               char(3)       NOT NULL,
    open_invoice_amount    numeric(19,4) NOT NULL DEFAULT 0,
    received_amount        numeric(19,4) NOT NULL DEFAULT 0,
    applied_amount         numeric(19,4) NOT NULL DEFAULT 0,
    customer_credit_amount numeric(19,4) NOT NULL DEFAULT 0,
    CONSTRAINT currency_position_pkey PRIMARY KEY (tenant_id, customer_id, currency),
    CONSTRAINT currency_position_exposure FOREIGN KEY (tenant_id, customer_id) REFERENCES exposure (tenant_id, customer_id)
);
SELECT recoup_protect('currency_position', 'SELECT, INSERT, UPDATE');

-- Limits that were set for one customer, the latest in force until it runs out. Append-only.
CREATE TABLE customer_limit (
    tenant_id        uuid          NOT NULL,
    customer_id      uuid          NOT NULL,
    version          bigint        NOT NULL CONSTRAINT customer_limit_version_positive CHECK (version > 0),
    -- Whether the limit was given back to the policy; then nothing else is said.
    by_policy        boolean       NOT NULL,
    -- Null: no limit at all, which is not a limit of 0 (EX-4).
    amount           numeric(19,4) CONSTRAINT customer_limit_not_negative CHECK (amount >= 0),
    currency         char(3),
    valid_until_date date,
    reason           text          NOT NULL,
    set_by           text          NOT NULL,
    set_time         timestamptz   NOT NULL,
    CONSTRAINT customer_limit_pkey PRIMARY KEY (tenant_id, customer_id, version),
    CONSTRAINT customer_limit_customer FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id),
    CONSTRAINT customer_limit_currency CHECK ((amount IS NULL) = (currency IS NULL)),
    CONSTRAINT customer_limit_given_back CHECK (NOT by_policy OR (amount IS NULL AND valid_until_date IS NULL))
);
SELECT recoup_protect('customer_limit', 'SELECT, INSERT');
