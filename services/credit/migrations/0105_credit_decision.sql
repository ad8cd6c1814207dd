-- Automatic decisions about customers, to be read and explained as long as anyone may ask.
CREATE TABLE credit_decision (
    tenant_id       uuid          NOT NULL,
    decision_id     uuid          NOT NULL,
    kind            text          NOT NULL CONSTRAINT credit_decision_kind_known CHECK (kind IN ('CHECK', 'HOLD_PLACED', 'HOLD_RELEASED')),
    customer_id     uuid          NOT NULL,
    -- Empty unless an order was checked.
    order_reference text          NOT NULL,
    outcome         text          NOT NULL,
    policy_version  text          NOT NULL,
    rules           jsonb         NOT NULL,
    facts           jsonb         NOT NULL,
    decided_time    timestamptz   NOT NULL,
    -- What came of it: the reservation it granted, or the hold it placed or released.
    reservation_id  uuid,
    credit_hold_id  uuid,
    CONSTRAINT credit_decision_pkey PRIMARY KEY (tenant_id, decision_id),
    CONSTRAINT credit_decision_customer FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id),
    CONSTRAINT credit_decision_one_effect CHECK (reservation_id IS NULL OR credit_hold_id IS NULL)
);
SELECT recoup_protect('credit_decision', 'SELECT, INSERT');
CREATE INDEX credit_decision_newest ON credit_decision (tenant_id, decided_time DESC, decision_id DESC);
CREATE INDEX credit_decision_of_customer ON credit_decision (tenant_id, customer_id, decided_time DESC, decision_id DESC);
