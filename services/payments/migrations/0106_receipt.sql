-- Money that came in. The sums are those of its entries (P8), and add up to what
-- came in at every commit (P1).
CREATE TABLE receipt (
    tenant_id                    uuid          NOT NULL,
    receipt_id                   uuid          NOT NULL,
    external_id                  text,
    customer_id                  uuid,
    method                       text          NOT NULL,
    state                        text          NOT NULL,
    currency_code                char(3)       NOT NULL,
    received_amount              numeric(19,4) NOT NULL,
    allocated_amount             numeric(19,4) NOT NULL,
    reserved_amount              numeric(19,4) NOT NULL,
    overpayment_tolerance_amount numeric(19,4) NOT NULL,
    refunded_amount              numeric(19,4) NOT NULL,
    returned_amount              numeric(19,4) NOT NULL,
    unapplied_amount             numeric(19,4) NOT NULL,
    receipt_date                 date          NOT NULL,
    -- What the payer said: personal data.
    payment_reference            text          NOT NULL DEFAULT '',
    remittance_text              text          NOT NULL DEFAULT '',
    payer_name                   text          NOT NULL DEFAULT '',
    payer_account                text          NOT NULL DEFAULT '',
    instrument_reference         text          NOT NULL DEFAULT '',
    bank_account_id              uuid,
    -- Where it came from; all null for one recorded by hand.
    bank_line_id                 uuid,
    agency_id                    uuid,
    agency_remittance_id         uuid,
    agency_line_number           integer,
    -- Applications that are being taken back now.
    reversing_count              integer       NOT NULL DEFAULT 0,
    entry_count                  integer       NOT NULL,
    created_time                 timestamptz   NOT NULL,
    version                      bigint        NOT NULL,
    PRIMARY KEY (tenant_id, receipt_id),
    -- Natural keys, for ever.
    CONSTRAINT receipt_external_id_taken UNIQUE (tenant_id, external_id),
    CONSTRAINT receipt_bank_line_taken UNIQUE (tenant_id, bank_line_id),
    CONSTRAINT receipt_agency_line_taken
        UNIQUE (tenant_id, agency_id, agency_remittance_id, agency_line_number),
    CONSTRAINT receipt_conserved CHECK (
        received_amount = allocated_amount + reserved_amount + overpayment_tolerance_amount
                        + refunded_amount + returned_amount + unapplied_amount),
    CONSTRAINT receipt_received_positive CHECK (received_amount > 0),
    CONSTRAINT receipt_allocated_never_negative CHECK (allocated_amount >= 0),
    CONSTRAINT receipt_reserved_never_negative CHECK (reserved_amount >= 0),
    CONSTRAINT receipt_tolerance_never_negative CHECK (overpayment_tolerance_amount >= 0),
    CONSTRAINT receipt_refunded_never_negative CHECK (refunded_amount >= 0),
    CONSTRAINT receipt_returned_never_negative CHECK (returned_amount >= 0),
    CONSTRAINT receipt_unapplied_never_negative CHECK (unapplied_amount >= 0),
    CONSTRAINT receipt_reversed_is_returned CHECK (
        (state = 'REVERSED') = (returned_amount = received_amount)),
    CONSTRAINT receipt_counts_never_negative CHECK (reversing_count >= 0 AND entry_count > 0),
    CONSTRAINT receipt_version_positive CHECK (version > 0),
    CONSTRAINT receipt_state_known CHECK (state IN ('RECORDED', 'REVERSING', 'REVERSED')),
    CONSTRAINT receipt_method_known CHECK (
        method IN ('TRANSFER', 'CARD', 'DIRECT_DEBIT', 'CHEQUE', 'CASH', 'AGENCY')),
    CONSTRAINT receipt_agency_line_whole CHECK (
        num_nonnulls(agency_id, agency_remittance_id, agency_line_number)
            = CASE WHEN method = 'AGENCY' THEN 3 ELSE 0 END),
    CONSTRAINT receipt_one_origin CHECK (bank_line_id IS NULL OR agency_id IS NULL)
);
SELECT recoup_protect('receipt', 'SELECT, INSERT, UPDATE');

-- Lists, newest first.
CREATE INDEX receipt_by_time ON receipt (tenant_id, created_time DESC, receipt_id DESC);
CREATE INDEX receipt_by_customer
    ON receipt (tenant_id, customer_id, created_time DESC, receipt_id DESC);
CREATE INDEX receipt_unapplied
    ON receipt (tenant_id, created_time DESC, receipt_id DESC) WHERE unapplied_amount > 0;
