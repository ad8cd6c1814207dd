-- Why lines were matched, or not: every decision that was taken, also those that
-- a later one took the place of. Append-only.
CREATE TABLE match_decision (
    tenant_id    uuid        NOT NULL,
    decision_id  uuid        NOT NULL,
    bank_line_id uuid        NOT NULL,
    decision     jsonb       NOT NULL,
    decided_time timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, decision_id)
);
SELECT recoup_protect('match_decision', 'SELECT, INSERT');
CREATE INDEX match_decision_by_line
    ON match_decision (tenant_id, bank_line_id, decided_time, decision_id);
