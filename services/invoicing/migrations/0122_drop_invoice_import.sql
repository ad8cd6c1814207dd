-- An import is one transaction: nothing of it is staged, so nothing is left of one
-- that was cut short.
DROP TABLE invoice_import_row;
DROP TABLE invoice_import;
