-- Money of a receipt on its way to invoices, and what invoicing answered.
CREATE TABLE receipt_application (
    tenant_id                    uuid          NOT NULL,
    -- The same in invoicing.
    application_id               uuid          NOT NULL,
    receipt_id                   uuid          NOT NULL,
    customer_id                  uuid          NOT NULL,
    state                        text          NOT NULL,
    currency_code                char(3)       NOT NULL,
    amount                       numeric(19,4) NOT NULL,
    receipt_date                 date          NOT NULL,
    -- Named invoices or a rule: what invoicing is asked, the same at every repeat.
    target                       jsonb         NOT NULL,
    decision                     jsonb         NOT NULL,
    allocations                  jsonb         NOT NULL DEFAULT '[]',
    allocated_amount             numeric(19,4) NOT NULL,
    overpayment_tolerance_amount numeric(19,4) NOT NULL,
    rest_amount                  numeric(19,4) NOT NULL,
    refusal                      jsonb,
    -- The same in invoicing.
    reversal_id                  uuid,
    reversal_reason              text,
    reversal_date                date,
    reopened                     jsonb,
    reversed_time                timestamptz,
    -- Who drives it on: the operation of the request, or the import of the line.
    operation_id                 uuid,
    bank_line_id                 uuid,
    created_time                 timestamptz   NOT NULL,
    booked_time                  timestamptz,
    PRIMARY KEY (tenant_id, application_id),
    FOREIGN KEY (tenant_id, receipt_id) REFERENCES receipt,
    CONSTRAINT receipt_application_reversal_taken UNIQUE (tenant_id, reversal_id),
    CONSTRAINT receipt_application_amount_positive CHECK (amount > 0),
    CONSTRAINT receipt_application_never_negative CHECK (
        allocated_amount >= 0 AND overpayment_tolerance_amount >= 0 AND rest_amount >= 0),
    -- What invoicing answered is what was offered (P1).
    CONSTRAINT receipt_application_adds_up CHECK (
        allocated_amount + overpayment_tolerance_amount + rest_amount
            = CASE WHEN state = 'RESERVED' THEN 0 ELSE amount END),
    CONSTRAINT receipt_application_state_known CHECK (
        state IN ('RESERVED', 'APPLIED', 'REFUSED', 'REVERSING', 'REVERSED')),
    CONSTRAINT receipt_application_booked CHECK ((booked_time IS NULL) = (state = 'RESERVED')),
    CONSTRAINT receipt_application_refused CHECK ((refusal IS NOT NULL) = (state = 'REFUSED')),
    CONSTRAINT receipt_application_reversing CHECK (
        num_nonnulls(reversal_id, reversal_reason, reversal_date)
            = CASE WHEN state IN ('REVERSING', 'REVERSED') THEN 3 ELSE 0 END),
    CONSTRAINT receipt_application_reversed CHECK (
        num_nonnulls(reopened, reversed_time) = CASE WHEN state = 'REVERSED' THEN 2 ELSE 0 END)
);
SELECT recoup_protect('receipt_application', 'SELECT, INSERT, UPDATE');
CREATE INDEX receipt_application_by_receipt
    ON receipt_application (tenant_id, receipt_id, created_time DESC, application_id DESC);
CREATE INDEX receipt_application_by_customer
    ON receipt_application (tenant_id, customer_id, created_time DESC, application_id DESC);
CREATE INDEX receipt_application_by_time
    ON receipt_application (tenant_id, created_time DESC, application_id DESC);
-- Those that invoicing has to be asked about (P9).
CREATE INDEX receipt_application_on_its_way
    ON receipt_application (tenant_id, created_time, application_id)
    WHERE state IN ('RESERVED', 'REVERSING');
CREATE INDEX receipt_application_by_operation
    ON receipt_application (tenant_id, operation_id) WHERE operation_id IS NOT NULL;
CREATE INDEX receipt_application_by_bank_line
    ON receipt_application (tenant_id, bank_line_id) WHERE bank_line_id IS NOT NULL;
