-- Passes over many cases: preview, approval, sending.
CREATE TABLE dunning_run (
    tenant_id      uuid        NOT NULL,
    dunning_run_id uuid        NOT NULL,
    run_date       date        NOT NULL,
    filter         jsonb       NOT NULL,
    state          text        NOT NULL,
    case_count     integer     NOT NULL,
    -- The last case that was judged: where the run goes on.
    judged_to_case uuid,
    created_time   timestamptz NOT NULL,
    created_by     text        NOT NULL,
    approved_time  timestamptz,
    approved_by    text,
    completed_time timestamptz,
    revision       bigint      NOT NULL,
    PRIMARY KEY (tenant_id, dunning_run_id),
    CONSTRAINT dunning_run_state
        CHECK (state IN ('PREVIEWING', 'PREVIEWED', 'RUNNING', 'COMPLETED')),
    CONSTRAINT dunning_run_approved CHECK ((approved_time IS NULL) = (approved_by IS NULL)),
    CONSTRAINT dunning_run_completed
        CHECK ((state IN ('PREVIEWED', 'COMPLETED')) = (completed_time IS NOT NULL))
);
SELECT recoup_protect('dunning_run', 'SELECT, INSERT, UPDATE');
CREATE INDEX dunning_run_latest ON dunning_run (tenant_id, created_time DESC, dunning_run_id DESC);
