-- Where the numbers of invoices and credit notes come from. The row is locked while
-- numbers are drawn, in the transaction that uses them: no gap, no repetition (P12).
CREATE TABLE number_series (
    tenant_id      uuid        NOT NULL,
    series_code    text        NOT NULL CHECK (series_code ~ '^[A-Za-z0-9-]{1,16}$'),
    document       text        NOT NULL CHECK (document IN ('INVOICE', 'CREDIT_NOTE')),
    prefix         text        NOT NULL,
    minimum_digits smallint    NOT NULL CHECK (minimum_digits BETWEEN 1 AND 12),
    first_number   bigint      NOT NULL CHECK (first_number > 0),
    next_number    bigint      NOT NULL,
    created_time   timestamptz NOT NULL,
    CONSTRAINT number_series_code PRIMARY KEY (tenant_id, series_code),
    -- Two series must never draw the same number.
    CONSTRAINT number_series_prefix UNIQUE (tenant_id, prefix),
    CONSTRAINT number_series_next CHECK (next_number >= first_number)
) WITH (fillfactor = 30);
SELECT recoup_protect('number_series', 'SELECT, INSERT, UPDATE');
