-- What happened to placed debts: append-only, and the amounts of a placement are
-- always the sums of its entries (P8).
CREATE TABLE placement_entry (
    tenant_id      uuid           NOT NULL,
    placement_id   uuid           NOT NULL,
    entry_number   integer        NOT NULL,
    kind           text           NOT NULL,
    invoice_id     uuid           NOT NULL,
    currency_code  char(3)        NOT NULL,
    -- All kinds but PLACED lower what is open by it; negative: was taken back.
    amount         numeric(19, 4) NOT NULL,
    application_id uuid,
    entry_date     date           NOT NULL,
    booked_time    timestamptz    NOT NULL,
    PRIMARY KEY (tenant_id, placement_id, entry_number),
    CONSTRAINT placement_entry_invoice FOREIGN KEY (tenant_id, placement_id, invoice_id)
        REFERENCES placement_invoice (tenant_id, placement_id, invoice_id),
    CONSTRAINT placement_entry_number CHECK (entry_number > 0),
    CONSTRAINT placement_entry_kind CHECK (kind IN ('PLACED', 'RECOVERED', 'DIRECT', 'ADJUSTED')),
    CONSTRAINT placement_entry_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT placement_entry_amount CHECK (amount <> 0),
    CONSTRAINT placement_entry_money_has_application CHECK (
        kind NOT IN ('RECOVERED', 'DIRECT') OR application_id IS NOT NULL),
    CONSTRAINT placement_entry_placed CHECK (
        kind <> 'PLACED' OR (application_id IS NULL AND amount > 0))
);
SELECT recoup_protect('placement_entry', 'SELECT, INSERT');
-- Money of an application counts once on an invoice, and is taken back once.
CREATE UNIQUE INDEX placement_entry_once
    ON placement_entry (tenant_id, placement_id, invoice_id, application_id, (amount < 0))
    WHERE kind IN ('RECOVERED', 'DIRECT');
-- As what an application was counted, when it is taken back.
CREATE INDEX placement_entry_by_application ON placement_entry (tenant_id, application_id)
    WHERE application_id IS NOT NULL;
