//! Invoices, open items, applications of money, credit notes, disputes, write-offs, aging and collection figures.
