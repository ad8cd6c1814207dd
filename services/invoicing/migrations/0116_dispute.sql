-- Objections to invoices or parts of them. Open until a resolution is there.
CREATE TABLE dispute (
    tenant_id       uuid          NOT NULL,
    dispute_id      uuid          NOT NULL,
    invoice_id      uuid          NOT NULL,
    invoice_number  text          NOT NULL,
    customer_id     uuid          NOT NULL,
    reason          text          NOT NULL
        CONSTRAINT dispute_reason CHECK (reason IN ('PRICE', 'QUANTITY', 'QUALITY',
            'NOT_DELIVERED', 'NOT_ORDERED', 'ALREADY_PAID', 'DUPLICATE', 'WRONG_DETAILS', 'TAX',
            'OTHER')),
    -- Personal data.
    note            text          NOT NULL,
    whole_invoice   boolean       NOT NULL,
    currency        char(3)       NOT NULL,
    amount          numeric(19,4) NOT NULL CHECK (amount > 0),
    disputed_date   date          NOT NULL,
    opened_time     timestamptz   NOT NULL,
    resolution      text
        CONSTRAINT dispute_resolution CHECK (resolution IN ('CREDITED', 'PARTLY_CREDITED',
            'REJECTED', 'WITHDRAWN', 'PAID', 'INVOICE_VOIDED')),
    -- Personal data.
    resolution_note text,
    credit_note_id  uuid,
    resolved_date   date,
    resolved_time   timestamptz,
    version         bigint        NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id, dispute_id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice,
    FOREIGN KEY (tenant_id, credit_note_id) REFERENCES credit_note,
    CONSTRAINT dispute_resolved CHECK (num_nulls(resolution, resolution_note, resolved_date,
        resolved_time) IN (0, 4)),
    CONSTRAINT dispute_credited CHECK ((credit_note_id IS NOT NULL)
        = (coalesce(resolution, '') IN ('CREDITED', 'PARTLY_CREDITED')))
) WITH (fillfactor = 85);
SELECT recoup_protect('dispute', 'SELECT, INSERT, UPDATE (resolution, resolution_note,'
    ' credit_note_id, resolved_date, resolved_time, version)');

-- Lists, newest first.
CREATE INDEX dispute_by_time ON dispute (tenant_id, opened_time, dispute_id);
CREATE INDEX dispute_by_customer ON dispute (tenant_id, customer_id, opened_time, dispute_id);
CREATE INDEX dispute_by_invoice ON dispute (tenant_id, invoice_id, opened_time, dispute_id);
CREATE INDEX dispute_open ON dispute (tenant_id, opened_time, dispute_id)
    WHERE resolution IS NULL;
-- Of the whole there is one at a time.
CREATE UNIQUE INDEX dispute_of_whole_once ON dispute (tenant_id, invoice_id)
    WHERE whole_invoice AND resolution IS NULL;
