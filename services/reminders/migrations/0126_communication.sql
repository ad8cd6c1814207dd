-- The communication record: who turned to whom, and when. Only added to.
CREATE TABLE communication (
    tenant_id        uuid        NOT NULL,
    communication_id uuid        NOT NULL,
    case_id          uuid        NOT NULL,
    customer_id      uuid        NOT NULL,
    direction        text        NOT NULL,
    channel          text        NOT NULL,
    outcome          text        NOT NULL,
    occurred_time    timestamptz NOT NULL,
    address          text,
    message_id       uuid,
    task_id          uuid,
    step_code        text,
    note             text        NOT NULL,
    recorded_by      text        NOT NULL,
    recorded_time    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, communication_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES collection_case,
    CONSTRAINT communication_direction CHECK (direction IN ('OUTBOUND', 'INBOUND')),
    CONSTRAINT communication_channel CHECK (channel IN ('EMAIL', 'CALL', 'LETTER')),
    CONSTRAINT communication_outcome CHECK (outcome IN
        ('SENT', 'SPOKE_TO_DEBTOR', 'LEFT_VOICEMAIL', 'NO_ANSWER', 'WRONG_ADDRESS', 'RECEIVED')),
    CONSTRAINT communication_not_in_the_future CHECK (occurred_time <= recorded_time)
);
SELECT recoup_protect('communication', 'SELECT, INSERT');
CREATE INDEX communication_of_case ON communication
    (tenant_id, case_id, occurred_time DESC, communication_id DESC);
CREATE INDEX communication_latest ON communication
    (tenant_id, occurred_time DESC, communication_id DESC);
