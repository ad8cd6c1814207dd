-- What is owed: the parts of issued invoices, each due by itself.
--
-- The open amount is the sum of the item's entries (P8), never below nothing
-- (P5). The due date never moves: the runtime roles may not even write it, nor
-- anything else that was fixed when the item came to be (CA-7).
CREATE TABLE open_item (
    tenant_id          uuid          NOT NULL,
    invoice_id         uuid          NOT NULL,
    open_item_id       uuid          NOT NULL,
    kind               text          NOT NULL
        CONSTRAINT open_item_kind CHECK (kind IN ('PRINCIPAL', 'FEE', 'INTEREST')),
    instalment_number  integer       NOT NULL CHECK (instalment_number >= 0),
    -- As on the invoice, so that lists and aging need no other table.
    customer_id        uuid          NOT NULL,
    currency           char(3)       NOT NULL,
    invoice_date       date          NOT NULL,
    counts_from_date   date          NOT NULL,
    due_date           date          NOT NULL,
    calendar_code      text,
    -- Offers for paying early, in dates and amounts.
    discounts          jsonb         NOT NULL,
    original_amount    numeric(19,4) NOT NULL,
    open_amount        numeric(19,4) NOT NULL
        CONSTRAINT open_item_open_not_negative CHECK (open_amount >= 0),
    -- What credit notes took off.
    credited_amount    numeric(19,4) NOT NULL DEFAULT 0
        CONSTRAINT open_item_credited_not_negative CHECK (credited_amount >= 0),
    -- What stands written off.
    written_off_amount numeric(19,4) NOT NULL DEFAULT 0
        CONSTRAINT open_item_written_off_not_negative CHECK (written_off_amount >= 0),
    -- The latest receipt date among the money that stands on it (ED-3).
    money_date         date,
    -- The latest day from which an entry counts that was not taken back.
    effective_date     date          NOT NULL,
    closed_date        date,
    PRIMARY KEY (tenant_id, invoice_id, open_item_id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice,
    CONSTRAINT open_item_within_original
        CHECK (open_amount + written_off_amount <= original_amount),
    CONSTRAINT open_item_closed CHECK ((closed_date IS NOT NULL) = (open_amount = 0))
) WITH (fillfactor = 80);
SELECT recoup_protect('open_item', 'SELECT, INSERT, UPDATE (open_amount, credited_amount,'
    ' written_off_amount, money_date, effective_date, closed_date)');

-- Lists by due date, and aging as of today. Whether an item is open is told by
-- closed_date: a part payment leaves it null and changes no indexed column.
CREATE INDEX open_item_by_due_date ON open_item (tenant_id, due_date, open_item_id)
    WHERE closed_date IS NULL;
CREATE INDEX open_item_by_customer ON open_item (tenant_id, customer_id, due_date, open_item_id)
    WHERE closed_date IS NULL;
