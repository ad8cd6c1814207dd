-- Disputes, as invoicing's feed last told of them. Each open one has its hold.
CREATE TABLE dispute (
    tenant_id     uuid          NOT NULL,
    dispute_id    uuid          NOT NULL,
    invoice_id    uuid          NOT NULL,
    customer_id   uuid          NOT NULL,
    state         text          NOT NULL,
    whole_invoice boolean       NOT NULL,
    amount        numeric(19,4) NOT NULL,
    currency      char(3)       NOT NULL,
    -- Of two the higher counts.
    version       bigint        NOT NULL,
    PRIMARY KEY (tenant_id, dispute_id),
    CONSTRAINT dispute_state CHECK (state IN ('OPEN', 'RESOLVED')),
    CONSTRAINT dispute_amount CHECK (amount >= 0)
);
SELECT recoup_protect('dispute', 'SELECT, INSERT, UPDATE');
CREATE INDEX dispute_open ON dispute (tenant_id, invoice_id) WHERE state = 'OPEN';
