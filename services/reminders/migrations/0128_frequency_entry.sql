-- What the frequency caps count: each contact made or reserved, once for the customer and once for
-- each invoice it is about.
--
-- Whoever adds an entry holds the lock of the customer's case row. Under it one statement reserves,
-- or finds that a cap is reached and adds nothing; $6 are the caps that cover the channel, one entry
-- for each subject they count for, from_date being the first day of the window:
--
--   INSERT INTO frequency_entry
--       (tenant_id, subject_id, contact_id, local_date, channel, is_conversation)
--   SELECT $1, subject_id, $2, $3, $4, false
--   FROM unnest($5::uuid[]) AS subject_id
--   WHERE NOT EXISTS (
--       SELECT FROM jsonb_to_recordset($6) AS cap
--           (subject_id uuid, max_count bigint, from_date date, channels text[], talks_only boolean)
--       WHERE cap.max_count <= (
--           SELECT count(*) FROM frequency_entry entry
--           WHERE entry.tenant_id = $1 AND entry.subject_id = cap.subject_id
--             AND entry.local_date >= cap.from_date
--             AND (cap.channels IS NULL OR entry.channel = ANY (cap.channels))
--             AND (entry.is_conversation OR NOT cap.talks_only)))
--
-- Given back by deleting the contact's entries.
CREATE TABLE frequency_entry (
    tenant_id       uuid    NOT NULL,
    -- The customer, or an invoice.
    subject_id      uuid    NOT NULL,
    -- The message that reserved it, or the entry of the communication record.
    contact_id      uuid    NOT NULL,
    -- The day in the debtor's zone.
    local_date      date    NOT NULL,
    channel         text    NOT NULL,
    is_conversation boolean NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, contact_id),
    CONSTRAINT frequency_entry_channel CHECK (channel IN ('EMAIL', 'CALL', 'LETTER'))
);
SELECT recoup_protect('frequency_entry', 'SELECT, INSERT, DELETE');
CREATE INDEX frequency_entry_window ON frequency_entry (tenant_id, subject_id, local_date);
CREATE INDEX frequency_entry_by_contact ON frequency_entry (tenant_id, contact_id);
