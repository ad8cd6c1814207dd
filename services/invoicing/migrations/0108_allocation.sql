-- What came to each open item, as the document that did it tells it: by money,
-- by its reversal, by a credit note or by a customer's credit. Append-only.
CREATE TABLE allocation (
    tenant_id         uuid          NOT NULL,
    cause_kind        text          NOT NULL
        CONSTRAINT allocation_cause_kind CHECK (cause_kind IN ('APPLICATION', 'REVERSAL',
            'CREDIT_NOTE', 'CUSTOMER_CREDIT')),
    cause_id          uuid          NOT NULL,
    -- Place among those of its document, from 1 on.
    allocation_number integer       NOT NULL CHECK (allocation_number >= 1),
    invoice_id        uuid          NOT NULL,
    open_item_id      uuid          NOT NULL,
    amount            numeric(19,4) NOT NULL CHECK (amount >= 0),
    -- Negative where a credit note takes back its share of what was granted (ED-4).
    discount_amount   numeric(19,4) NOT NULL,
    tolerance_amount  numeric(19,4) NOT NULL,
    reinstated_amount numeric(19,4) NOT NULL,
    open_amount_after numeric(19,4) NOT NULL CHECK (open_amount_after >= 0),
    PRIMARY KEY (tenant_id, cause_kind, cause_id, allocation_number),
    FOREIGN KEY (tenant_id, invoice_id, open_item_id) REFERENCES open_item,
    CONSTRAINT allocation_let_go CHECK (cause_kind = 'CREDIT_NOTE'
        OR discount_amount >= 0 AND tolerance_amount >= 0),
    CONSTRAINT allocation_reinstated CHECK (reinstated_amount BETWEEN 0 AND amount)
);
SELECT recoup_protect('allocation', 'SELECT, INSERT');
CREATE INDEX allocation_by_invoice ON allocation (tenant_id, invoice_id, cause_kind, cause_id);
