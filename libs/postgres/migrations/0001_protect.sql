-- Who may see what. Three group roles exist in every cluster before the first
-- migration: recoup_owner (migrates, owns the tables), recoup_app (serves calls,
-- one tenant at a time), recoup_background (feeds, timers, figures of operation:
-- all tenants). Each service has login roles of its own that are members.

-- Closes a tenant table: row-level security on and forced, so that not even its
-- owner passes by; recoup_app sees the tenant of its transaction and nothing
-- where none is set, since a missing or empty setting raises an error instead of
-- matching no row. Grants what the runtime roles may do, and no more: a table
-- of entries gets 'SELECT, INSERT' and is append-only by that.
CREATE FUNCTION recoup_protect(target regclass, privileges text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY tenant ON %s TO recoup_app'
        ' USING (tenant_id = current_setting(''recoup.tenant_id'')::uuid)'
        ' WITH CHECK (tenant_id = current_setting(''recoup.tenant_id'')::uuid)', target);
    EXECUTE format(
        'CREATE POLICY background ON %s TO recoup_background, recoup_owner'
        ' USING (true) WITH CHECK (true)', target);
    EXECUTE format('GRANT %s ON %s TO recoup_app, recoup_background', privileges, target);
END
$$;

-- The runner's own list, read at start-up to see that the schema is the one the
-- program was built for.
GRANT SELECT ON _sqlx_migrations TO recoup_app, recoup_background;
