-- The words of a message as fixed when it was claimed; apart, since they are personal data with a
-- scope of their own.
CREATE TABLE message_content (
    tenant_id  uuid NOT NULL,
    message_id uuid NOT NULL,
    recipient  text NOT NULL,
    language   text NOT NULL,
    subject    text NOT NULL,
    text_body  text NOT NULL,
    html_body  text NOT NULL,
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES message
);
SELECT recoup_protect('message_content', 'SELECT, INSERT, UPDATE');
