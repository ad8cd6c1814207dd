-- One pass of the placement policy over many customers: it goes through them in
-- the order of their identities and keeps the last one.
CREATE TABLE proposal_run (
    tenant_id          uuid        NOT NULL,
    proposal_run_id    uuid        NOT NULL,
    run_date           date        NOT NULL,
    policy_version     integer     NOT NULL,
    validate_only      boolean     NOT NULL,
    state              text        NOT NULL,
    -- Only these customers; null: all with something overdue.
    only_customer_ids  uuid[],
    -- The last customer that was judged; null: none yet.
    last_customer_id   uuid,
    customer_count     integer     NOT NULL,
    judged_count       integer     NOT NULL,
    proposed_count     integer     NOT NULL,
    excluded_count     integer     NOT NULL,
    created_time       timestamptz NOT NULL,
    created_by         text        NOT NULL,
    completed_time     timestamptz,
    version            bigint      NOT NULL,
    PRIMARY KEY (tenant_id, proposal_run_id),
    CONSTRAINT proposal_run_policy FOREIGN KEY (tenant_id, policy_version)
        REFERENCES placement_policy_version (tenant_id, version),
    CONSTRAINT proposal_run_state CHECK (state IN ('RUNNING', 'COMPLETED')),
    CONSTRAINT proposal_run_completed CHECK ((state = 'COMPLETED') = (completed_time IS NOT NULL)),
    CONSTRAINT proposal_run_counts CHECK (
        judged_count >= 0 AND proposed_count >= 0 AND excluded_count >= 0 AND customer_count >= 0)
);
SELECT recoup_protect('proposal_run', 'SELECT, INSERT, UPDATE');
CREATE INDEX proposal_run_newest ON proposal_run (tenant_id, created_time DESC, proposal_run_id DESC);

-- What each customer came to in each currency. Written once.
CREATE TABLE proposal_item (
    tenant_id       uuid           NOT NULL,
    proposal_run_id uuid           NOT NULL,
    customer_id     uuid           NOT NULL,
    currency_code   char(3)        NOT NULL,
    outcome         text           NOT NULL,
    placement_id    uuid,
    agency_id       uuid,
    invoice_ids     uuid[]         NOT NULL,
    amount          numeric(19, 4) NOT NULL,
    decision_id     uuid           NOT NULL,
    PRIMARY KEY (tenant_id, proposal_run_id, customer_id, currency_code),
    CONSTRAINT proposal_item_run FOREIGN KEY (tenant_id, proposal_run_id)
        REFERENCES proposal_run (tenant_id, proposal_run_id),
    CONSTRAINT proposal_item_decision FOREIGN KEY (tenant_id, decision_id)
        REFERENCES decision (tenant_id, decision_id),
    CONSTRAINT proposal_item_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT proposal_item_outcome CHECK (
        outcome IN ('PROPOSED', 'EXCLUDED', 'NO_RULE', 'ALREADY_PROPOSED')),
    CONSTRAINT proposal_item_proposed CHECK ((outcome = 'PROPOSED') = (agency_id IS NOT NULL)),
    CONSTRAINT proposal_item_placement CHECK (placement_id IS NULL OR outcome = 'PROPOSED')
);
SELECT recoup_protect('proposal_item', 'SELECT, INSERT');
