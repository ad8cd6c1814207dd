-- Debts of a customer on their way to an agency and back.
CREATE TABLE placement (
    tenant_id              uuid           NOT NULL,
    placement_id           uuid           NOT NULL,
    external_id            text,
    agency_id              uuid           NOT NULL,
    agency_reference       text,
    customer_id            uuid           NOT NULL,
    customer_external_id   text,
    case_id                uuid,
    currency_code          char(3)        NOT NULL,
    state                  text           NOT NULL,
    placement_number       integer        NOT NULL,
    invoice_count          integer        NOT NULL,
    placed_amount          numeric(19, 4) NOT NULL,
    recovered_amount       numeric(19, 4) NOT NULL,
    direct_amount          numeric(19, 4) NOT NULL,
    adjusted_amount        numeric(19, 4) NOT NULL,
    open_amount            numeric(19, 4) NOT NULL,
    commission_amount      numeric(19, 4) NOT NULL,
    -- The payments that earned commission: what marginal slices are filled with.
    commissioned_amount    numeric(19, 4) NOT NULL,
    agreement_id           uuid,
    proposal_run_id        uuid,
    placement_batch_id     uuid,
    proposal_decision_id   uuid           NOT NULL,
    activation_decision_id uuid,
    note                   text,
    proposed_by            text           NOT NULL,
    proposed_time          timestamptz    NOT NULL,
    judged_by              text,
    judged_time            timestamptz,
    hold_state             text           NOT NULL,
    -- Real time: until then a message may be on its way. Null: quiet at once.
    hold_quiet_time        timestamptz,
    activated_time         timestamptz,
    placement_date         date,
    recall_reason          text,
    recall_requested_by    text,
    recall_requested_time  timestamptz,
    recall_requested_date  date,
    recall_due_time        timestamptz,
    recall_stopped_time    timestamptz,
    close_code             text,
    -- By the close code, so that one can ask for what is to be done.
    next_action            text,
    ended_time             timestamptz,
    end_note               text,
    next_check_time        timestamptz,
    entry_count            integer        NOT NULL,
    version                bigint         NOT NULL,
    PRIMARY KEY (tenant_id, placement_id),
    CONSTRAINT placement_agency FOREIGN KEY (tenant_id, agency_id)
        REFERENCES agency (tenant_id, agency_id),
    CONSTRAINT placement_agreement FOREIGN KEY (tenant_id, agreement_id)
        REFERENCES agreement (tenant_id, agreement_id),
    CONSTRAINT placement_run FOREIGN KEY (tenant_id, proposal_run_id)
        REFERENCES proposal_run (tenant_id, proposal_run_id),
    CONSTRAINT placement_batch_of_it FOREIGN KEY (tenant_id, placement_batch_id)
        REFERENCES placement_batch (tenant_id, placement_batch_id),
    CONSTRAINT placement_proposal_decision FOREIGN KEY (tenant_id, proposal_decision_id)
        REFERENCES decision (tenant_id, decision_id),
    CONSTRAINT placement_activation_decision FOREIGN KEY (tenant_id, activation_decision_id)
        REFERENCES decision (tenant_id, decision_id),
    CONSTRAINT placement_external_id UNIQUE (tenant_id, external_id),
    CONSTRAINT placement_external_id_length CHECK (length(external_id) BETWEEN 1 AND 128),
    CONSTRAINT placement_agency_reference UNIQUE (tenant_id, agency_id, agency_reference),
    CONSTRAINT placement_agency_reference_length CHECK (length(agency_reference) BETWEEN 1 AND 128),
    CONSTRAINT placement_currency CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT placement_state CHECK (state IN (
        'PROPOSED', 'REJECTED', 'APPROVED', 'PENDING_HOLD', 'ACTIVE', 'PENDING_RECALL',
        'PENDING_RELEASE', 'RECALLED', 'CLOSED', 'WITHDRAWN')),
    CONSTRAINT placement_balances CHECK (
        placed_amount = recovered_amount + direct_amount + adjusted_amount + open_amount),
    CONSTRAINT placement_open CHECK (open_amount >= 0),
    CONSTRAINT placement_counts CHECK (
        placement_number > 0 AND invoice_count BETWEEN 0 AND 500 AND entry_count >= 0),
    CONSTRAINT placement_hold CHECK (hold_state IN ('UNKNOWN', 'PLACED', 'REFUSED')
        AND (hold_quiet_time IS NULL OR hold_state = 'PLACED')),
    CONSTRAINT placement_activated CHECK (
        (activated_time IS NULL) = (placement_date IS NULL)
        AND (activated_time IS NULL OR agreement_id IS NOT NULL)
        AND (state NOT IN ('ACTIVE', 'PENDING_RECALL', 'RECALLED', 'CLOSED')
             OR activated_time IS NOT NULL)),
    CONSTRAINT placement_recall CHECK (
        recall_reason IN ('CLIENT_DECISION', 'DISPUTE', 'ARRANGEMENT', 'HARDSHIP', 'LEGAL',
                          'AGENCY_PERFORMANCE', 'PLACED_IN_ERROR')
        AND (recall_reason IS NULL) = (recall_requested_by IS NULL)
        AND (recall_reason IS NULL) = (recall_requested_time IS NULL)
        AND (recall_reason IS NULL) = (recall_requested_date IS NULL)),
    CONSTRAINT placement_close_code CHECK (close_code IN (
        'PAID_IN_FULL', 'SETTLED', 'UNCOLLECTIBLE', 'BANKRUPT', 'DECEASED', 'CANNOT_LOCATE',
        'DISPUTE_VALID', 'TIME_BARRED', 'CLIENT_RECALL', 'COST_NOT_JUSTIFIED',
        'RETURNED_FOR_LEGAL', 'CEASE_REQUEST', 'FRAUD')),
    CONSTRAINT placement_next_action CHECK ((next_action IS NULL) = (close_code IS NULL)),
    CONSTRAINT placement_ended CHECK (
        (state IN ('REJECTED', 'RECALLED', 'CLOSED', 'WITHDRAWN')) = (ended_time IS NOT NULL)
        AND (state NOT IN ('RECALLED', 'CLOSED') OR close_code IS NOT NULL)),
    -- P9: whatever waits for somebody else is looked at again.
    CONSTRAINT placement_checked CHECK (
        state NOT IN ('PENDING_HOLD', 'PENDING_RECALL', 'PENDING_RELEASE')
        OR next_check_time IS NOT NULL),
    CONSTRAINT placement_version CHECK (version > 0)
);
SELECT recoup_protect('placement', 'SELECT, INSERT, UPDATE');

-- Lists, newest first, by each filter that narrows enough.
CREATE INDEX placement_newest ON placement (tenant_id, proposed_time DESC, placement_id DESC);
CREATE INDEX placement_by_agency
    ON placement (tenant_id, agency_id, proposed_time DESC, placement_id DESC);
CREATE INDEX placement_by_customer
    ON placement (tenant_id, customer_id, proposed_time DESC, placement_id DESC);
CREATE INDEX placement_by_run ON placement (tenant_id, proposal_run_id, proposed_time DESC)
    WHERE proposal_run_id IS NOT NULL;
CREATE INDEX placement_by_batch ON placement (tenant_id, placement_batch_id)
    WHERE placement_batch_id IS NOT NULL;
-- What people and the service have to do.
CREATE INDEX placement_by_state ON placement (tenant_id, state, proposed_time DESC, placement_id DESC)
    WHERE state NOT IN ('REJECTED', 'RECALLED', 'CLOSED', 'WITHDRAWN');
-- What a batch takes, those approved first.
CREATE INDEX placement_approved ON placement (tenant_id, agency_id, judged_time, placement_id)
    WHERE state = 'APPROVED';
CREATE INDEX placement_to_follow ON placement (tenant_id, next_action, ended_time)
    WHERE next_action <> 'NONE';
-- Results, and the curve by months since the placement.
CREATE INDEX placement_results ON placement (tenant_id, agency_id, currency_code, placement_date)
    WHERE placement_date IS NOT NULL;
