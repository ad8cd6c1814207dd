-- The invoices of placements.
CREATE TABLE placement_invoice (
    tenant_id           uuid           NOT NULL,
    placement_id        uuid           NOT NULL,
    invoice_id          uuid           NOT NULL,
    invoice_number      text           NOT NULL,
    invoice_external_id text,
    invoice_date        date           NOT NULL,
    oldest_due_date     date           NOT NULL,
    level               integer        NOT NULL,
    earlier_placements  integer        NOT NULL,
    state               text           NOT NULL,
    drop_reason         text,
    currency_code       char(3)        NOT NULL,
    placed_principal    numeric(19, 4) NOT NULL,
    placed_fees         numeric(19, 4) NOT NULL,
    placed_interest     numeric(19, 4) NOT NULL,
    -- The version of the invoice of which the placed amounts are known: events up
    -- to it are in there.
    placed_version      bigint         NOT NULL,
    open_amount         numeric(19, 4) NOT NULL,
    open_version        bigint         NOT NULL,
    -- Whether reminders may hold it for this placement.
    held                boolean        NOT NULL,
    PRIMARY KEY (tenant_id, placement_id, invoice_id),
    CONSTRAINT placement_invoice_placement FOREIGN KEY (tenant_id, placement_id)
        REFERENCES placement (tenant_id, placement_id),
    CONSTRAINT placement_invoice_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT placement_invoice_state CHECK (state IN ('INCLUDED', 'DROPPED')),
    CONSTRAINT placement_invoice_dropped CHECK (
        (state = 'DROPPED') = (drop_reason IS NOT NULL)
        AND drop_reason IN ('SETTLED', 'DISPUTED', 'EXCLUDED_FACT')),
    CONSTRAINT placement_invoice_amounts CHECK (
        placed_principal >= 0 AND placed_fees >= 0 AND placed_interest >= 0 AND open_amount >= 0),
    CONSTRAINT placement_invoice_counts CHECK (level >= 0 AND earlier_placements >= 0),
    CONSTRAINT placement_invoice_versions CHECK (open_version >= placed_version)
);
SELECT recoup_protect('placement_invoice', 'SELECT, INSERT, UPDATE');
-- P19: one placement at most holds an invoice, from before reminders is asked until
-- it has given the invoice back. INVOICE_PLACED.
CREATE UNIQUE INDEX placement_invoice_held ON placement_invoice (tenant_id, invoice_id) WHERE held;
CREATE INDEX placement_by_invoice ON placement_invoice (tenant_id, invoice_id, placement_id);
