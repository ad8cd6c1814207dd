-- The open items of a case's invoices. The level stands here, because instalments age apart: when
-- the oldest is paid, its invoice goes on from where the next one is.
CREATE TABLE case_item (
    tenant_id    uuid          NOT NULL,
    invoice_id   uuid          NOT NULL,
    open_item_id uuid          NOT NULL,
    kind         text          NOT NULL,
    due_date     date          NOT NULL,
    open_amount  numeric(19,4) NOT NULL,
    level        smallint      NOT NULL DEFAULT 0,
    -- The step that brought it there; null where none was taken, or it was skipped.
    step_code    text,
    step_level   smallint,
    step_date    date,
    step_time    timestamptz,
    PRIMARY KEY (tenant_id, invoice_id, open_item_id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES case_invoice,
    CONSTRAINT case_item_kind CHECK (kind IN ('PRINCIPAL', 'FEE', 'INTEREST')),
    CONSTRAINT case_item_open CHECK (open_amount >= 0),
    CONSTRAINT case_item_level CHECK (level BETWEEN 0 AND 50),
    CONSTRAINT case_item_step
        CHECK (num_nonnulls(step_code, step_level, step_date, step_time) IN (0, 4))
) WITH (fillfactor = 80);
SELECT recoup_protect('case_item', 'SELECT, INSERT, UPDATE');
