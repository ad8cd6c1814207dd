-- What one unit of a currency was worth in the home currency on a day. Append-only: whatever was
-- converted with a rate can be computed again.
CREATE TABLE exchange_rate (
    tenant_id    uuid        NOT NULL,
    currency     char(3)     NOT NULL,
    rate_date    date        NOT NULL,
    rate         numeric     NOT NULL CONSTRAINT exchange_rate_positive CHECK (rate > 0),
    source       text        NOT NULL CONSTRAINT exchange_rate_source_length CHECK (length(source) <= 100),
    created_time timestamptz NOT NULL,
    CONSTRAINT exchange_rate_pkey PRIMARY KEY (tenant_id, currency, rate_date)
);
SELECT recoup_protect('exchange_rate', 'SELECT, INSERT');
CREATE INDEX exchange_rate_by_day ON exchange_rate (tenant_id, rate_date DESC, currency);
