//! The SQL of reminders, one noun a file. Every function joins the caller's transaction and says so
//! in its name; none commits. Rows become values of the domain here and nowhere else.
