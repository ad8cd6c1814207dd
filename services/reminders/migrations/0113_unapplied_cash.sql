-- The customers' cash that lowers no invoice yet, as payments' feed last told of it. Where it covers
-- what would be asked for, nobody is reminded.
CREATE TABLE unapplied_cash (
    tenant_id        uuid          NOT NULL,
    customer_id      uuid          NOT NULL,
    currency         char(3)       NOT NULL,
    unapplied_amount numeric(19,4) NOT NULL,
    -- Promised to applications that invoicing has not answered: on its way to the invoices.
    reserved_amount  numeric(19,4) NOT NULL,
    -- Of two the higher counts.
    version          bigint        NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, currency),
    CONSTRAINT unapplied_cash_amounts CHECK (unapplied_amount >= 0 AND reserved_amount >= 0)
);
SELECT recoup_protect('unapplied_cash', 'SELECT, INSERT, UPDATE');
