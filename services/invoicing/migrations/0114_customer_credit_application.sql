-- Uses of customer credit for open items; where it went stands in allocation.
-- Append-only.
CREATE TABLE customer_credit_application (
    tenant_id                      uuid          NOT NULL,
    customer_credit_application_id uuid          NOT NULL,
    customer_credit_id             uuid          NOT NULL,
    customer_id                    uuid          NOT NULL,
    currency                       char(3)       NOT NULL,
    amount                         numeric(19,4) NOT NULL CHECK (amount > 0),
    application_date               date          NOT NULL,
    applied_time                   timestamptz   NOT NULL,
    PRIMARY KEY (tenant_id, customer_credit_application_id),
    FOREIGN KEY (tenant_id, customer_credit_id) REFERENCES customer_credit
);
SELECT recoup_protect('customer_credit_application', 'SELECT, INSERT');
