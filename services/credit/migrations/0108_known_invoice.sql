-- Invoices as the feed of invoicing tells them: what exposure, holds for being overdue and payment
-- behaviour are counted from. Of two tellings the higher version holds (P24).
CREATE TABLE known_invoice (
    tenant_id       uuid          NOT NULL,
    invoice_id      uuid          NOT NULL,
    customer_id     uuid          NOT NULL,
    invoice_date    date          NOT NULL,
    -- The due date of its last item: late is what was closed after it.
    last_due_date   date          NOT NULL,
    currency        char(3)       NOT NULL,
    gross_amount    numeric(19,4) NOT NULL CONSTRAINT known_invoice_gross_not_negative CHECK (gross_amount >= 0),
    open_amount     numeric(19,4) NOT NULL CONSTRAINT known_invoice_open_not_negative CHECK (open_amount >= 0),
    disputed_amount numeric(19,4) NOT NULL CONSTRAINT known_invoice_disputed_not_negative CHECK (disputed_amount >= 0),
    -- The day of the payment that closed it; null while it is open or when something else closed it.
    settled_date    date,
    version         bigint        NOT NULL CONSTRAINT known_invoice_version_positive CHECK (version > 0),
    CONSTRAINT known_invoice_pkey PRIMARY KEY (tenant_id, invoice_id),
    CONSTRAINT known_invoice_exposure FOREIGN KEY (tenant_id, customer_id) REFERENCES exposure (tenant_id, customer_id),
    CONSTRAINT known_invoice_settled_is_closed CHECK (settled_date IS NULL OR open_amount = 0)
);
SELECT recoup_protect('known_invoice', 'SELECT, INSERT, UPDATE');
CREATE INDEX known_invoice_open ON known_invoice (tenant_id, customer_id) WHERE open_amount > 0;
CREATE INDEX known_invoice_settled ON known_invoice (tenant_id, customer_id, settled_date) WHERE settled_date IS NOT NULL;

-- Their items: when each is due and when it was closed.
CREATE TABLE known_open_item (
    tenant_id    uuid NOT NULL,
    invoice_id   uuid NOT NULL,
    open_item_id uuid NOT NULL,
    customer_id  uuid NOT NULL,
    due_date     date NOT NULL,
    -- Null while anything of it is open.
    closed_date  date,
    CONSTRAINT known_open_item_pkey PRIMARY KEY (tenant_id, invoice_id, open_item_id),
    CONSTRAINT known_open_item_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES known_invoice (tenant_id, invoice_id)
);
SELECT recoup_protect('known_open_item', 'SELECT, INSERT, UPDATE');
CREATE INDEX known_open_item_of_customer ON known_open_item (tenant_id, customer_id, due_date);
