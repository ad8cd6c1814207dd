-- One case a customer. Its row is what every sender, every placement and every entry of a contact
-- locks, so that one customer gets one message at a time.
CREATE TABLE collection_case (
    tenant_id         uuid        NOT NULL,
    case_id           uuid        NOT NULL,
    customer_id       uuid        NOT NULL,
    state             text        NOT NULL,
    segment           text        NOT NULL,
    -- The highest level that an open invoice has reached, and its step.
    level             smallint    NOT NULL DEFAULT 0,
    step_code         text,
    priority          integer     NOT NULL DEFAULT 0,
    -- The oldest due date with an open amount; null: nothing is owed.
    oldest_due_date   date,
    last_message_time timestamptz,
    -- Rises with every placement hold that is placed or released: a message claimed under a lower
    -- one is never handed off.
    epoch             bigint      NOT NULL DEFAULT 0,
    -- What is planned next; the timer of the case stands at this instant.
    next_action_time  timestamptz,
    next_action       jsonb,
    created_time      timestamptz NOT NULL,
    revision          bigint      NOT NULL,
    -- Events announced about the case so far: the version of the next one is one more.
    announced_version bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, case_id),
    CONSTRAINT collection_case_of_customer UNIQUE (tenant_id, customer_id),
    CONSTRAINT collection_case_state CHECK (state IN ('OPEN', 'CLEAR')),
    CONSTRAINT collection_case_owed CHECK ((state = 'OPEN') = (oldest_due_date IS NOT NULL)),
    CONSTRAINT collection_case_level CHECK (level BETWEEN 0 AND 50),
    CONSTRAINT collection_case_priority CHECK (priority >= 0),
    CONSTRAINT collection_case_next_action
        CHECK ((next_action_time IS NULL) = (next_action IS NULL))
) WITH (fillfactor = 80);
SELECT recoup_protect('collection_case', 'SELECT, INSERT, UPDATE');
-- The order of the list: the most urgent first, then by next action.
CREATE INDEX collection_case_by_urgency ON collection_case
    (tenant_id, priority DESC, next_action_time, case_id);
CREATE INDEX collection_case_by_segment ON collection_case (tenant_id, segment, case_id)
    WHERE state = 'OPEN';
