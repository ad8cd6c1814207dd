-- How far this service has consumed the feeds of others. The cursor moves in the
-- transaction of the effects, so that every event acts once. No tenant: one feed
-- carries all of them.
CREATE TABLE feed_cursor (
    source   text   PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= 0)
) WITH (fillfactor = 30);
GRANT SELECT, INSERT, UPDATE ON feed_cursor TO recoup_app, recoup_background;

-- Events that could not be applied, and those of the same subject behind them.
CREATE TABLE parked_event (
    tenant_id   uuid        NOT NULL,
    source      text        NOT NULL,
    position    bigint      NOT NULL,
    subject     text        NOT NULL,
    -- The encoded envelope, as it came.
    event       bytea       NOT NULL,
    reason      text        NOT NULL,
    -- 0 for one that waits behind an earlier one.
    tries       int         NOT NULL,
    parked_time timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, source, position)
);
SELECT recoup_protect('parked_event', 'SELECT, INSERT, UPDATE, DELETE');
CREATE INDEX parked_event_by_subject ON parked_event (tenant_id, source, subject, position);
CREATE INDEX parked_event_by_age ON parked_event (source, position);
