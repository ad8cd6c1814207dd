-- The words of templates by language. The words of a version never change.
CREATE TABLE template_version (
    tenant_id      uuid        NOT NULL,
    template_id    uuid        NOT NULL,
    version        integer     NOT NULL,
    state          text        NOT NULL,
    -- The translations and the fallback language.
    words          jsonb       NOT NULL,
    change_note    text        NOT NULL,
    created_time   timestamptz NOT NULL,
    created_by     text        NOT NULL,
    activated_time timestamptz,
    activated_by   text,
    PRIMARY KEY (tenant_id, template_id, version),
    FOREIGN KEY (tenant_id, template_id) REFERENCES template,
    CONSTRAINT template_version_number CHECK (version > 0),
    CONSTRAINT template_version_state CHECK (state IN ('DRAFT', 'ACTIVE', 'RETIRED')),
    CONSTRAINT template_version_activated
        CHECK ((activated_time IS NULL) = (activated_by IS NULL)
            AND (state = 'DRAFT') = (activated_time IS NULL))
);
SELECT recoup_protect('template_version', 'SELECT, INSERT');
-- By column: the words stay as they were written.
GRANT UPDATE (state, activated_time, activated_by) ON template_version
    TO recoup_app, recoup_background;
CREATE UNIQUE INDEX template_version_active ON template_version (tenant_id, template_id)
    WHERE state = 'ACTIVE';
