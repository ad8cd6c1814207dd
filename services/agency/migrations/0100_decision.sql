-- Why things were decided: proposals, last looks, rates, commissions. Whatever was
-- decided names its row; a row is never changed.
CREATE TABLE decision (
    tenant_id      uuid        NOT NULL,
    decision_id    uuid        NOT NULL,
    outcome        text        NOT NULL,
    -- The policy or agreement it was taken under; empty where none applies.
    policy_version text        NOT NULL,
    -- A list of {rule_id, passed, explanation}, in the order they were asked.
    rules          jsonb       NOT NULL,
    -- A map of names to canonical texts.
    facts          jsonb       NOT NULL,
    decided_time   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, decision_id),
    CONSTRAINT decision_rules_are_a_list CHECK (jsonb_typeof(rules) = 'array'),
    CONSTRAINT decision_facts_are_a_map CHECK (jsonb_typeof(facts) = 'object')
);
SELECT recoup_protect('decision', 'SELECT, INSERT');
