-- What strategies say. The definition of a version never changes.
CREATE TABLE strategy_version (
    tenant_id      uuid        NOT NULL,
    strategy_id    uuid        NOT NULL,
    version        integer     NOT NULL,
    state          text        NOT NULL,
    definition     jsonb       NOT NULL,
    change_note    text        NOT NULL,
    created_time   timestamptz NOT NULL,
    created_by     text        NOT NULL,
    activated_time timestamptz,
    activated_by   text,
    PRIMARY KEY (tenant_id, strategy_id, version),
    FOREIGN KEY (tenant_id, strategy_id) REFERENCES strategy,
    CONSTRAINT strategy_version_number CHECK (version > 0),
    CONSTRAINT strategy_version_state CHECK (state IN ('DRAFT', 'ACTIVE', 'RETIRED')),
    CONSTRAINT strategy_version_activated
        CHECK ((activated_time IS NULL) = (activated_by IS NULL)
            AND (state = 'DRAFT') = (activated_time IS NULL))
);
SELECT recoup_protect('strategy_version', 'SELECT, INSERT');
-- By column: what a version says stays as it was written.
GRANT UPDATE (state, activated_time, activated_by) ON strategy_version
    TO recoup_app, recoup_background;
CREATE UNIQUE INDEX strategy_version_active ON strategy_version (tenant_id, strategy_id)
    WHERE state = 'ACTIVE';
