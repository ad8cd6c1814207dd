-- The money of a customer in one currency that lowers no invoice (CA-6): the sum
-- over the customer's receipts, changed with them in one transaction, after the
-- receipt's row, in the order of the key.
CREATE TABLE unapplied_cash (
    tenant_id        uuid          NOT NULL,
    customer_id      uuid          NOT NULL,
    currency_code    char(3)       NOT NULL,
    unapplied_amount numeric(19,4) NOT NULL,
    reserved_amount  numeric(19,4) NOT NULL,
    version          bigint        NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, currency_code),
    CONSTRAINT unapplied_cash_never_negative CHECK (
        unapplied_amount >= 0 AND reserved_amount >= 0),
    CONSTRAINT unapplied_cash_version_positive CHECK (version > 0)
);
SELECT recoup_protect('unapplied_cash', 'SELECT, INSERT, UPDATE');
