-- Why automatic decisions came out as they did. Only added to.
CREATE TABLE decision (
    tenant_id      uuid        NOT NULL,
    decision_id    uuid        NOT NULL,
    -- The message, promise or dunning run it is about.
    subject_id     uuid        NOT NULL,
    outcome        text        NOT NULL,
    rules          jsonb       NOT NULL,
    policy_version text        NOT NULL,
    facts          jsonb       NOT NULL,
    decided_time   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, decision_id)
);
SELECT recoup_protect('decision', 'SELECT, INSERT');
-- Identities are made in order of time: of several at one instant they tell which came first.
CREATE INDEX decision_of_subject ON decision (tenant_id, subject_id, decided_time, decision_id);
