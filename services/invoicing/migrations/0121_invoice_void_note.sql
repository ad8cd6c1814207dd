-- Why an invoice was voided, for the record. Personal data.
ALTER TABLE invoice ADD COLUMN void_note text
    CONSTRAINT invoice_void_note CHECK (void_note IS NULL OR state = 'VOID');
