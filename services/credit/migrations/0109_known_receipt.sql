-- Receipts as the feed of payments tells them: what of each is still with us, and whose it is. Of two
-- tellings the higher version holds (P24).
CREATE TABLE known_receipt (
    tenant_id   uuid          NOT NULL,
    receipt_id  uuid          NOT NULL,
    -- Null while nobody knows whose it is: it counts for nobody.
    customer_id uuid,
    currency    char(3)       NOT NULL,
    -- What came in less what was refunded or returned.
    kept_amount numeric(19,4) NOT NULL CONSTRAINT known_receipt_kept_not_negative CHECK (kept_amount >= 0),
    version     bigint        NOT NULL CONSTRAINT known_receipt_version_positive CHECK (version > 0),
    CONSTRAINT known_receipt_pkey PRIMARY KEY (tenant_id, receipt_id),
    CONSTRAINT known_receipt_exposure FOREIGN KEY (tenant_id, customer_id) REFERENCES exposure (tenant_id, customer_id)
);
SELECT recoup_protect('known_receipt', 'SELECT, INSERT, UPDATE');

-- The version of the customer's credit balance that invoicing told last, per currency.
ALTER TABLE currency_position
    ADD COLUMN customer_credit_version bigint NOT NULL DEFAULT 0;
