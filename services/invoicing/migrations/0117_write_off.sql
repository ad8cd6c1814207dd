-- Debts closed for accounting and not forgiven (IS-6).
CREATE TABLE write_off (
    tenant_id      uuid          NOT NULL,
    write_off_id   uuid          NOT NULL,
    invoice_id     uuid          NOT NULL,
    invoice_number text          NOT NULL,
    customer_id    uuid          NOT NULL,
    state          text          NOT NULL
        CONSTRAINT write_off_state CHECK (state IN ('WRITTEN_OFF', 'RECOVERED', 'REVERSED')),
    reason         text          NOT NULL
        CONSTRAINT write_off_reason CHECK (reason IN ('UNCOLLECTIBLE', 'INSOLVENCY', 'DECEASED',
            'CANNOT_LOCATE', 'TIME_BARRED', 'SMALL_BALANCE', 'FRAUD', 'OTHER')),
    -- Personal data.
    note           text          NOT NULL,
    currency       char(3)       NOT NULL,
    amount         numeric(19,4) NOT NULL CHECK (amount > 0),
    write_off_date date          NOT NULL,
    reversal_date  date,
    -- Personal data.
    reversal_note  text,
    created_time   timestamptz   NOT NULL,
    version        bigint        NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id, write_off_id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice,
    CONSTRAINT write_off_reversed CHECK ((state = 'REVERSED') = (reversal_date IS NOT NULL)
        AND (reversal_date IS NULL) = (reversal_note IS NULL)
        AND reversal_date >= write_off_date)
) WITH (fillfactor = 85);
SELECT recoup_protect('write_off',
    'SELECT, INSERT, UPDATE (state, reversal_date, reversal_note, version)');

-- Lists, newest first.
CREATE INDEX write_off_by_time ON write_off (tenant_id, created_time, write_off_id);
CREATE INDEX write_off_by_customer ON write_off (tenant_id, customer_id, created_time, write_off_id);
CREATE INDEX write_off_by_invoice ON write_off (tenant_id, invoice_id, created_time, write_off_id);
