-- What payments tells: the customer's money that lowers no invoice, and what was
-- paid last, of which agencies are told. Projections.
CREATE TABLE known_unapplied_cash (
    tenant_id        uuid           NOT NULL,
    customer_id      uuid           NOT NULL,
    currency_code    char(3)        NOT NULL,
    unapplied_amount numeric(19, 4) NOT NULL,
    -- Version of the entry; a lower one is older news (P24).
    entry_version    bigint         NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, currency_code),
    CONSTRAINT known_unapplied_cash_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT known_unapplied_cash_amount CHECK (unapplied_amount >= 0)
);
SELECT recoup_protect('known_unapplied_cash', 'SELECT, INSERT, UPDATE, DELETE');

-- A reversed receipt is no payment, so the one before it has to be known too.
CREATE TABLE known_receipt (
    tenant_id     uuid           NOT NULL,
    receipt_id    uuid           NOT NULL,
    -- Null while nobody knows whose it is.
    customer_id   uuid,
    currency_code char(3)        NOT NULL,
    amount        numeric(19, 4) NOT NULL,
    receipt_date  date           NOT NULL,
    reversed      boolean        NOT NULL,
    -- Version of payments' event; a lower one is older news.
    feed_version  bigint         NOT NULL,
    PRIMARY KEY (tenant_id, receipt_id),
    CONSTRAINT known_receipt_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT known_receipt_amount CHECK (amount > 0)
);
SELECT recoup_protect('known_receipt', 'SELECT, INSERT, UPDATE, DELETE');
CREATE INDEX known_receipt_last ON known_receipt (tenant_id, customer_id, receipt_date DESC)
    WHERE NOT reversed;
