-- Parts of a customer's limit set aside for orders. Who changes one holds the customer's exposure row.
CREATE TABLE reservation (
    tenant_id             uuid          NOT NULL,
    reservation_id        uuid          NOT NULL,
    customer_id           uuid          NOT NULL,
    order_reference       text          NOT NULL CONSTRAINT reservation_order_reference_length CHECK (length(order_reference) BETWEEN 1 AND 64),
    state                 text          NOT NULL CONSTRAINT reservation_state_known CHECK (state IN ('RESERVED', 'CONFIRMED', 'CONSUMED', 'RELEASED', 'EXPIRED')),
    currency              char(3)       NOT NULL,
    amount                numeric(19,4) NOT NULL CONSTRAINT reservation_amount_positive CHECK (amount > 0),
    remaining_amount      numeric(19,4) NOT NULL CONSTRAINT reservation_remaining_within CHECK (remaining_amount BETWEEN 0 AND amount),
    expected_invoice_date date,
    expires_time          timestamptz,
    -- Invoices that used it, oldest first.
    uses                  jsonb         NOT NULL,
    decision_id           uuid          NOT NULL,
    created_time          timestamptz   NOT NULL,
    ended_time            timestamptz,
    version               bigint        NOT NULL CONSTRAINT reservation_version_positive CHECK (version > 0),
    CONSTRAINT reservation_pkey PRIMARY KEY (tenant_id, reservation_id),
    CONSTRAINT reservation_exposure FOREIGN KEY (tenant_id, customer_id) REFERENCES exposure (tenant_id, customer_id),
    CONSTRAINT reservation_decision FOREIGN KEY (tenant_id, decision_id) REFERENCES credit_decision (tenant_id, decision_id),
    CONSTRAINT reservation_ended CHECK ((ended_time IS NULL) = (state IN ('RESERVED', 'CONFIRMED'))),
    CONSTRAINT reservation_ended_is_free CHECK (ended_time IS NULL OR remaining_amount = 0),
    CONSTRAINT reservation_expires_unless_confirmed CHECK (state <> 'RESERVED' OR expires_time IS NOT NULL)
);
SELECT recoup_protect('reservation', 'SELECT, INSERT, UPDATE');
CREATE INDEX reservation_open ON reservation (tenant_id, customer_id) WHERE state IN ('RESERVED', 'CONFIRMED');
CREATE INDEX reservation_newest ON reservation (tenant_id, created_time DESC, reservation_id DESC);
CREATE INDEX reservation_by_order ON reservation (tenant_id, order_reference);
