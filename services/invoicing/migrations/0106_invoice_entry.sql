-- Every step in the history of what is open. Append-only: the runtime roles may
-- neither change nor delete one, a correction is a new entry that names the one
-- it takes back (P8).
CREATE TABLE invoice_entry (
    tenant_id         uuid          NOT NULL,
    invoice_id        uuid          NOT NULL,
    -- Place in the history of the invoice, from 1 on.
    entry_number      bigint        NOT NULL CHECK (entry_number >= 1),
    entry_id          uuid          NOT NULL,
    open_item_id      uuid          NOT NULL,
    kind              text          NOT NULL
        CONSTRAINT invoice_entry_kind CHECK (kind IN ('ISSUE', 'FEE', 'INTEREST', 'ALLOCATION',
            'DISCOUNT', 'TOLERANCE', 'CREDIT', 'WRITE_OFF', 'REINSTATEMENT', 'VOID')),
    currency          char(3)       NOT NULL,
    -- Negative when less is owed.
    amount            numeric(19,4) NOT NULL,
    -- The day from which it counts in anything as of a date (AG-4).
    entry_date        date          NOT NULL,
    reversed_entry_id uuid,
    cause_kind        text
        CONSTRAINT invoice_entry_cause_kind CHECK (cause_kind IN ('APPLICATION', 'REVERSAL',
            'CREDIT_NOTE', 'CUSTOMER_CREDIT', 'WRITE_OFF')),
    cause_id          uuid,
    created_time      timestamptz   NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id, entry_number),
    FOREIGN KEY (tenant_id, invoice_id, open_item_id) REFERENCES open_item,
    CONSTRAINT invoice_entry_cause CHECK ((cause_kind IS NULL) = (cause_id IS NULL)),
    -- Of nothing there is nothing to write, but that a zero total was issued.
    CONSTRAINT invoice_entry_of_something CHECK (amount <> 0 OR kind = 'ISSUE')
);
SELECT recoup_protect('invoice_entry', 'SELECT, INSERT');

-- What counts after a day: open then = open now less what counts later.
CREATE INDEX invoice_entry_by_date ON invoice_entry (tenant_id, entry_date);
-- An entry is taken back by the reversal of its application once at most (P6).
CREATE UNIQUE INDEX invoice_entry_reversed_once ON invoice_entry (tenant_id, reversed_entry_id)
    WHERE cause_kind = 'REVERSAL';
