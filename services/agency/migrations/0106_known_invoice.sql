-- What invoicing tells is owed. A projection; what decides is asked there.
CREATE TABLE known_invoice (
    tenant_id       uuid           NOT NULL,
    invoice_id      uuid           NOT NULL,
    customer_id     uuid           NOT NULL,
    invoice_number  text           NOT NULL,
    external_id     text,
    invoice_date    date           NOT NULL,
    currency_code   char(3)        NOT NULL,
    open_principal  numeric(19, 4) NOT NULL,
    open_fees       numeric(19, 4) NOT NULL,
    open_interest   numeric(19, 4) NOT NULL,
    disputed_amount numeric(19, 4) NOT NULL,
    -- The oldest due date with an open amount; null when nothing is open.
    oldest_due_date date,
    -- Version of the invoice; a lower one is older news (P24).
    invoice_version bigint         NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id),
    CONSTRAINT known_invoice_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT known_invoice_open CHECK (
        open_principal >= 0 AND open_fees >= 0 AND open_interest >= 0 AND disputed_amount >= 0),
    CONSTRAINT known_invoice_due_while_open CHECK (
        (oldest_due_date IS NULL) = (open_principal + open_fees + open_interest = 0))
);
SELECT recoup_protect('known_invoice', 'SELECT, INSERT, UPDATE, DELETE');
-- The open debts of a customer, and the customers with something overdue.
CREATE INDEX known_invoice_open_of_customer ON known_invoice (tenant_id, customer_id, oldest_due_date)
    WHERE oldest_due_date IS NOT NULL;
