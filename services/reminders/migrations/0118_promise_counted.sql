-- What counts towards a promise: money applied to a named invoice, or relief. Which promise a fact
-- counts towards is decided once; a reversal takes it back by its source and moves nothing else.
CREATE TABLE promise_counted (
    tenant_id     uuid          NOT NULL,
    promise_id    uuid          NOT NULL,
    -- The application, the credit note, the voided invoice.
    source_id     uuid          NOT NULL,
    invoice_id    uuid          NOT NULL,
    kind          text          NOT NULL,
    amount        numeric(19,4) NOT NULL,
    currency      char(3)       NOT NULL,
    -- The receipt date, or the day from which the relief counts.
    fact_date     date          NOT NULL,
    -- The order in which the facts came.
    counted_time  timestamptz   NOT NULL,
    reversed_time timestamptz,
    PRIMARY KEY (tenant_id, promise_id, source_id, invoice_id, kind),
    FOREIGN KEY (tenant_id, promise_id) REFERENCES promise,
    CONSTRAINT promise_counted_kind CHECK (kind IN ('CASH', 'RELIEF')),
    CONSTRAINT promise_counted_amount CHECK (amount > 0)
);
SELECT recoup_protect('promise_counted', 'SELECT, INSERT');
GRANT UPDATE (reversed_time) ON promise_counted TO recoup_app, recoup_background;
CREATE INDEX promise_counted_by_source ON promise_counted (tenant_id, source_id);
