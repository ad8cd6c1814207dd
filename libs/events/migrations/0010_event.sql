-- What happened, in the order in which it may be told. Append-only.
--
-- Positions come from one sequence without a cache and are drawn only after the
-- transaction holds the shared lock of writers: once everybody who held it when the
-- sequence stood at S has ended, every position up to S is decided.
CREATE SEQUENCE event_position CACHE 1;
CREATE TABLE event (
    tenant_id       uuid        NOT NULL,
    position        bigint      NOT NULL,
    event_id        uuid        NOT NULL,
    -- Full name of the protobuf message in `data`.
    type            text        NOT NULL,
    -- The aggregate it happened to, and its version after the event.
    subject         text        NOT NULL,
    subject_version bigint      NOT NULL CHECK (subject_version > 0),
    event_time      timestamptz NOT NULL,
    traceparent     text        NOT NULL,
    data            bytea       NOT NULL,
    PRIMARY KEY (tenant_id, position)
);
CREATE UNIQUE INDEX event_by_position ON event (position);
SELECT recoup_protect('event', 'SELECT, INSERT');
GRANT USAGE, SELECT ON SEQUENCE event_position TO recoup_app, recoup_background;
