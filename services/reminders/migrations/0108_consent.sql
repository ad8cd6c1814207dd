-- What customers said about being contacted through a channel. Only added to; the entry with the
-- latest effective time counts, of two at the same instant the one recorded later.
CREATE TABLE consent (
    tenant_id      uuid        NOT NULL,
    consent_id     uuid        NOT NULL,
    customer_id    uuid        NOT NULL,
    channel        text        NOT NULL,
    state          text        NOT NULL,
    effective_time timestamptz NOT NULL,
    evidence       text        NOT NULL,
    recorded_by    text        NOT NULL,
    recorded_time  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, consent_id),
    CONSTRAINT consent_channel CHECK (channel IN ('EMAIL', 'CALL', 'LETTER')),
    CONSTRAINT consent_state CHECK (state IN ('GIVEN', 'OPTED_OUT', 'CLEARED')),
    CONSTRAINT consent_not_from_the_future CHECK (effective_time <= recorded_time)
);
SELECT recoup_protect('consent', 'SELECT, INSERT');
CREATE INDEX consent_in_force ON consent
    (tenant_id, customer_id, channel, effective_time DESC, recorded_time DESC, consent_id DESC);
CREATE INDEX consent_latest ON consent (tenant_id, effective_time DESC, consent_id DESC);
