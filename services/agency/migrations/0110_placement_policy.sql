-- The placement policy of a tenant, and its versions. The row of the policy is
-- what is locked before a version is written or activated.
CREATE TABLE placement_policy (
    tenant_id      uuid    NOT NULL,
    active_version integer,
    latest_version integer NOT NULL,
    version        bigint  NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT placement_policy_versions CHECK (
        latest_version > 0 AND active_version BETWEEN 1 AND latest_version)
);
SELECT recoup_protect('placement_policy', 'SELECT, INSERT, UPDATE');

CREATE TABLE placement_policy_version (
    tenant_id      uuid        NOT NULL,
    version        integer     NOT NULL,
    state          text        NOT NULL,
    -- A document: read and written whole, never searched.
    definition     jsonb       NOT NULL,
    change_note    text        NOT NULL,
    created_time   timestamptz NOT NULL,
    created_by     text        NOT NULL,
    activated_time timestamptz,
    activated_by   text,
    PRIMARY KEY (tenant_id, version),
    CONSTRAINT placement_policy_version_policy FOREIGN KEY (tenant_id)
        REFERENCES placement_policy (tenant_id),
    CONSTRAINT placement_policy_version_state CHECK (state IN ('DRAFT', 'ACTIVE', 'RETIRED')),
    CONSTRAINT placement_policy_version_activated CHECK (
        (state <> 'DRAFT') = (activated_time IS NOT NULL)
        AND (activated_time IS NULL) = (activated_by IS NULL))
);
SELECT recoup_protect('placement_policy_version', 'SELECT, INSERT, UPDATE');
-- One in force: retire the old one before the new one is activated.
CREATE UNIQUE INDEX placement_policy_version_active ON placement_policy_version (tenant_id)
    WHERE state = 'ACTIVE';
