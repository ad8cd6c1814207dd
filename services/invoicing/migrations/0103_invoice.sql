-- Invoices from the draft on: what they say, and where they stand. What is open
-- stands in open_item, and nowhere else as a sum.
--
-- Amounts are numeric(19,4) here and in all tables: the program's amounts are
-- below 10^15, and no currency has more than four digits (CLF). Sums of them are
-- computed by the database without that limit. The currency stands beside them
-- and decides the digits that are shown.
CREATE TABLE invoice (
    tenant_id             uuid          NOT NULL,
    invoice_id            uuid          NOT NULL,
    external_id           text,
    state                 text          NOT NULL
        CONSTRAINT invoice_state CHECK (state IN ('DRAFT', 'ISSUED', 'CLOSED', 'VOID')),
    customer_id           uuid          NOT NULL,
    currency              char(3)       NOT NULL,
    invoice_number        text,
    -- Null in a draft that leaves it to the day of issuing.
    invoice_date          date,
    -- Terms or a due date, and the offer for paying early; null in a draft that
    -- leaves them to what the customer is granted.
    due                   jsonb,
    early_payment_offer   jsonb,
    series_code           text          NOT NULL,
    payment_reference     text          NOT NULL,
    order_reference       text          NOT NULL,
    reservation_id        uuid,
    -- Personal data.
    note                  text          NOT NULL,
    net_amount            numeric(19,4) NOT NULL,
    tax_amount            numeric(19,4) NOT NULL,
    gross_amount          numeric(19,4) NOT NULL,
    -- Taxable amount and tax of each category and ratio.
    taxes                 jsonb         NOT NULL,
    policy_version        text,
    -- Whether another system issued it and it came in by import.
    imported              boolean       NOT NULL DEFAULT false,
    -- From here on set by issuing.
    counts_from_date      date,
    -- What of it is under open disputes: the whole, or the sum of the parts.
    disputed_whole        boolean       NOT NULL DEFAULT false,
    disputed_parts_amount numeric(19,4) NOT NULL DEFAULT 0
        CONSTRAINT invoice_disputed_parts_not_negative CHECK (disputed_parts_amount >= 0),
    closed_date           date,
    closing_kind          text
        CONSTRAINT invoice_closing_kind
        CHECK (closing_kind IN ('PAYMENT', 'CREDIT', 'WRITE_OFF', 'VOID', 'ZERO_TOTAL')),
    last_entry_number     bigint        NOT NULL DEFAULT 0,
    version               bigint        NOT NULL CHECK (version > 0),
    created_time          timestamptz   NOT NULL,
    issued_time           timestamptz,
    PRIMARY KEY (tenant_id, invoice_id),
    CONSTRAINT invoice_external_id_key UNIQUE (tenant_id, external_id),
    CONSTRAINT invoice_number_key UNIQUE (tenant_id, invoice_number),
    -- A number, dates and what it is due by come with issuing, all at once.
    CONSTRAINT invoice_issued_is_complete CHECK (
        CASE WHEN issued_time IS NULL
            THEN state IN ('DRAFT', 'VOID') AND invoice_number IS NULL
                AND counts_from_date IS NULL AND last_entry_number = 0
            ELSE state <> 'DRAFT' AND invoice_number IS NOT NULL AND invoice_date IS NOT NULL
                AND due IS NOT NULL AND counts_from_date IS NOT NULL AND gross_amount >= 0
        END),
    CONSTRAINT invoice_closing CHECK (
        (closed_date IS NULL) = (closing_kind IS NULL)
        AND (closing_kind IS NOT NULL) = (state = 'CLOSED' OR state = 'VOID' AND issued_time IS NOT NULL))
) WITH (fillfactor = 85);
SELECT recoup_protect('invoice', 'SELECT, INSERT, UPDATE');

-- Lists, newest first.
CREATE INDEX invoice_by_time ON invoice (tenant_id, created_time, invoice_id);
CREATE INDEX invoice_by_customer ON invoice (tenant_id, customer_id, created_time, invoice_id);
-- What a rule may settle. The predicate is on the state and no amount is in the
-- index, so that a part payment changes no indexed column and stays on its page.
CREATE INDEX invoice_open_of_customer ON invoice (tenant_id, customer_id, currency)
    WHERE state = 'ISSUED';
-- Sales of a period, and what payment closed in it.
CREATE INDEX invoice_by_date ON invoice (tenant_id, invoice_date)
    WHERE issued_time IS NOT NULL;
CREATE INDEX invoice_by_payment ON invoice (tenant_id, closed_date)
    WHERE closing_kind = 'PAYMENT';
CREATE INDEX invoice_disputed ON invoice (tenant_id, created_time, invoice_id)
    WHERE disputed_whole OR disputed_parts_amount > 0;
