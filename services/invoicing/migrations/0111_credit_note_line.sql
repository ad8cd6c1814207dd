-- The lines of credit notes. Append-only.
CREATE TABLE credit_note_line (
    tenant_id      uuid           NOT NULL,
    credit_note_id uuid           NOT NULL,
    line_number    integer        NOT NULL CHECK (line_number >= 1),
    -- Personal data.
    description    text           NOT NULL,
    quantity       numeric(27,12) NOT NULL,
    unit           text           NOT NULL,
    unit_price     numeric(27,12) NOT NULL CHECK (unit_price >= 0),
    tax_category   text           NOT NULL
        CONSTRAINT credit_note_line_tax_category
        CHECK (tax_category IN ('S', 'Z', 'E', 'AE', 'G', 'K', 'O')),
    tax_ratio      numeric(13,12) NOT NULL,
    net_amount     numeric(19,4)  NOT NULL,
    PRIMARY KEY (tenant_id, credit_note_id, line_number),
    FOREIGN KEY (tenant_id, credit_note_id) REFERENCES credit_note,
    CONSTRAINT credit_note_line_tax_ratio
        CHECK (tax_ratio BETWEEN 0 AND 1 AND (tax_category = 'S') = (tax_ratio > 0))
);
SELECT recoup_protect('credit_note_line', 'SELECT, INSERT');
