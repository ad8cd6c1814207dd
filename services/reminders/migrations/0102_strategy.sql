-- Strategies: the names under which ladders of steps stand, by version.
CREATE TABLE strategy (
    tenant_id      uuid        NOT NULL,
    strategy_id    uuid        NOT NULL,
    strategy_code  text        NOT NULL,
    display_name   text        NOT NULL,
    active_version integer,
    latest_version integer     NOT NULL,
    created_time   timestamptz NOT NULL,
    revision       bigint      NOT NULL,
    PRIMARY KEY (tenant_id, strategy_id),
    CONSTRAINT strategy_code_taken UNIQUE (tenant_id, strategy_code),
    CONSTRAINT strategy_active_version CHECK (active_version BETWEEN 1 AND latest_version)
);
SELECT recoup_protect('strategy', 'SELECT, INSERT, UPDATE');
