-- What the cases of a run came to. Those of a preview are written anew when it is carried out.
CREATE TABLE dunning_run_item (
    tenant_id         uuid NOT NULL,
    dunning_run_id    uuid NOT NULL,
    case_id           uuid NOT NULL,
    customer_id       uuid NOT NULL,
    outcome           text NOT NULL,
    -- The gravest step; null where none is due.
    step_code         text,
    level             smallint,
    channel           text,
    -- What the message asks for, or would, and the sums.
    lines             jsonb NOT NULL,
    totals            jsonb NOT NULL,
    message_id        uuid,
    postponed_to_time timestamptz,
    decision_id       uuid NOT NULL,
    PRIMARY KEY (tenant_id, dunning_run_id, case_id),
    FOREIGN KEY (tenant_id, dunning_run_id) REFERENCES dunning_run,
    FOREIGN KEY (tenant_id, case_id) REFERENCES collection_case,
    CONSTRAINT dunning_run_item_outcome CHECK (outcome IN
        ('MESSAGE', 'TASK', 'POSTPONED', 'SUPPRESSED', 'NOTHING_DUE', 'ALREADY_DONE')),
    CONSTRAINT dunning_run_item_step
        CHECK (num_nonnulls(step_code, level, channel) IN (0, 3)),
    CONSTRAINT dunning_run_item_channel CHECK (channel IN ('EMAIL', 'CALL', 'LETTER')),
    CONSTRAINT dunning_run_item_postponed
        CHECK ((outcome = 'POSTPONED') = (postponed_to_time IS NOT NULL))
);
SELECT recoup_protect('dunning_run_item', 'SELECT, INSERT, DELETE');
CREATE INDEX dunning_run_item_counts ON dunning_run_item
    (tenant_id, dunning_run_id, outcome, step_code, case_id);
