-- Templates: the names under which the words of steps stand, by version.
CREATE TABLE template (
    tenant_id      uuid        NOT NULL,
    template_id    uuid        NOT NULL,
    template_code  text        NOT NULL,
    display_name   text        NOT NULL,
    channel        text        NOT NULL,
    active_version integer,
    latest_version integer     NOT NULL,
    created_time   timestamptz NOT NULL,
    revision       bigint      NOT NULL,
    PRIMARY KEY (tenant_id, template_id),
    CONSTRAINT template_code_taken UNIQUE (tenant_id, template_code),
    CONSTRAINT template_channel CHECK (channel IN ('EMAIL', 'CALL', 'LETTER')),
    CONSTRAINT template_active_version CHECK (active_version BETWEEN 1 AND latest_version)
);
SELECT recoup_protect('template', 'SELECT, INSERT, UPDATE');
