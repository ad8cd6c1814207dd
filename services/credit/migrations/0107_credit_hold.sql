-- Reasons for which a customer gets no credit (EX-5).
CREATE TABLE credit_hold (
    tenant_id       uuid        NOT NULL,
    credit_hold_id  uuid        NOT NULL,
    customer_id     uuid        NOT NULL,
    kind            text        NOT NULL CONSTRAINT credit_hold_kind_known CHECK (kind IN ('OVERDUE', 'OVER_LIMIT', 'MANUAL')),
    state           text        NOT NULL CONSTRAINT credit_hold_state_known CHECK (state IN ('ACTIVE', 'OVERRIDDEN', 'RELEASED')),
    reason          text        NOT NULL,
    end_date        date,
    -- The decision of a hold by facts.
    decision_id     uuid,
    placed_by       text        NOT NULL,
    placed_time     timestamptz NOT NULL,
    -- How a person lets orders pass, also after that ran out.
    override_reason text,
    override_until  date,
    overridden_by   text,
    overridden_time timestamptz,
    released_by     text,
    release_reason  text,
    released_time   timestamptz,
    version         bigint      NOT NULL CONSTRAINT credit_hold_version_positive CHECK (version > 0),
    CONSTRAINT credit_hold_pkey PRIMARY KEY (tenant_id, credit_hold_id),
    CONSTRAINT credit_hold_exposure FOREIGN KEY (tenant_id, customer_id) REFERENCES exposure (tenant_id, customer_id),
    CONSTRAINT credit_hold_decision FOREIGN KEY (tenant_id, decision_id) REFERENCES credit_decision (tenant_id, decision_id),
    CONSTRAINT credit_hold_by_facts CHECK ((kind = 'MANUAL') = (decision_id IS NULL)),
    CONSTRAINT credit_hold_override CHECK (num_nulls(override_reason, override_until, overridden_by, overridden_time) IN (0, 4)),
    CONSTRAINT credit_hold_released CHECK (num_nonnulls(released_by, release_reason, released_time) = CASE state WHEN 'RELEASED' THEN 3 ELSE 0 END)
);
SELECT recoup_protect('credit_hold', 'SELECT, INSERT, UPDATE');
-- A customer has one hold of each kind at most that is not released.
CREATE UNIQUE INDEX credit_hold_one_of_a_kind ON credit_hold (tenant_id, customer_id, kind) WHERE state <> 'RELEASED';
CREATE INDEX credit_hold_newest ON credit_hold (tenant_id, placed_time DESC, credit_hold_id DESC);
