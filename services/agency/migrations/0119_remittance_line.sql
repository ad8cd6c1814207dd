-- The payments of debtors in remittances. A line books once, for ever, under
-- agency, remittance and line (P20); payments knows it by its number.
CREATE TABLE remittance_line (
    tenant_id                uuid           NOT NULL,
    remittance_line_id       uuid           NOT NULL,
    remittance_id            uuid           NOT NULL,
    line_number              integer        NOT NULL,
    line_reference           text           NOT NULL,
    placement_id             uuid           NOT NULL,
    customer_id              uuid           NOT NULL,
    invoice_id               uuid,
    paid_date                date           NOT NULL,
    mode                     text           NOT NULL,
    currency_code            char(3)        NOT NULL,
    gross_amount             numeric(19, 4) NOT NULL,
    commission_amount        numeric(19, 4) NOT NULL,
    report_reference         text,
    note                     text,
    state                    text           NOT NULL,
    parked_reason            text,
    -- Chosen with the line, so that the receipt is found however often it is asked
    -- for.
    receipt_id               uuid           NOT NULL,
    receipt_recorded         boolean        NOT NULL,
    applied_amount           numeric(19, 4) NOT NULL,
    agreed_commission_amount numeric(19, 4),
    commission_id            uuid,
    imported_time            timestamptz    NOT NULL,
    booked_time              timestamptz,
    tries                    integer        NOT NULL,
    next_check_time          timestamptz,
    -- Kept back less agreed: to be settled with the agency.
    commission_difference_amount numeric(19, 4) NOT NULL GENERATED ALWAYS AS (
        CASE WHEN mode = 'NET' THEN commission_amount - coalesce(agreed_commission_amount, commission_amount)
             ELSE 0 END) STORED,
    PRIMARY KEY (tenant_id, remittance_line_id),
    CONSTRAINT remittance_line_remittance FOREIGN KEY (tenant_id, remittance_id)
        REFERENCES remittance (tenant_id, remittance_id),
    CONSTRAINT remittance_line_placement FOREIGN KEY (tenant_id, placement_id)
        REFERENCES placement (tenant_id, placement_id),
    CONSTRAINT remittance_line_reference UNIQUE (tenant_id, remittance_id, line_reference),
    CONSTRAINT remittance_line_number UNIQUE (tenant_id, remittance_id, line_number),
    CONSTRAINT remittance_line_receipt UNIQUE (tenant_id, receipt_id),
    CONSTRAINT remittance_line_reference_length CHECK (length(line_reference) BETWEEN 1 AND 128),
    CONSTRAINT remittance_line_number_from_one CHECK (line_number > 0),
    CONSTRAINT remittance_line_mode CHECK (mode IN ('GROSS', 'NET')),
    CONSTRAINT remittance_line_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT remittance_line_amounts CHECK (
        gross_amount > 0 AND commission_amount BETWEEN 0 AND gross_amount
        AND (mode = 'NET' OR commission_amount = 0)
        AND applied_amount BETWEEN 0 AND gross_amount),
    CONSTRAINT remittance_line_state CHECK (state IN ('PENDING', 'BOOKED', 'PARKED', 'REVERSED')),
    CONSTRAINT remittance_line_booked CHECK (
        (state IN ('BOOKED', 'REVERSED')) = (booked_time IS NOT NULL)
        AND (booked_time IS NULL) = (commission_id IS NULL)
        AND (booked_time IS NULL) = (agreed_commission_amount IS NULL)),
    CONSTRAINT remittance_line_parked CHECK ((state = 'PARKED') = (parked_reason IS NOT NULL)),
    -- P9: a line whose outcome is not known is asked for again.
    CONSTRAINT remittance_line_checked CHECK ((state = 'PENDING') = (next_check_time IS NOT NULL))
);
SELECT recoup_protect('remittance_line', 'SELECT, INSERT, UPDATE');
-- In the order in which they were imported.
CREATE INDEX remittance_line_imported
    ON remittance_line (tenant_id, imported_time, remittance_id, line_number);
CREATE INDEX remittance_line_by_placement
    ON remittance_line (tenant_id, placement_id, imported_time, remittance_id, line_number);
CREATE INDEX remittance_line_unsettled
    ON remittance_line (tenant_id, state, imported_time, remittance_id, line_number)
    WHERE state IN ('PENDING', 'PARKED');
CREATE INDEX remittance_line_differing
    ON remittance_line (tenant_id, imported_time, remittance_id, line_number)
    WHERE commission_difference_amount <> 0;
