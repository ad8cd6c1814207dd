-- Who changed what, one entry a write, in the transaction of the write.
CREATE SEQUENCE audit_position CACHE 1;
CREATE TABLE audit_entry (
    tenant_id     uuid        NOT NULL,
    position      bigint      NOT NULL DEFAULT nextval('audit_position'),
    -- The person or program that caused it, as its token says.
    actor         text        NOT NULL,
    -- The application that called.
    caller        text        NOT NULL,
    -- The RPC, or the name of the job or feed handler.
    method        text        NOT NULL,
    request_id    text        NOT NULL,
    -- The aggregate that was changed.
    subject       text        NOT NULL,
    -- What changed, without personal data.
    facts         jsonb       NOT NULL,
    traceparent   text        NOT NULL,
    recorded_time timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, position)
);
SELECT recoup_protect('audit_entry', 'SELECT, INSERT');
GRANT USAGE ON SEQUENCE audit_position TO recoup_app, recoup_background;
CREATE INDEX audit_entry_by_subject ON audit_entry (tenant_id, subject, position);
