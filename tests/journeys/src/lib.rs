//! Whole stories over all services in one process: each test starts an installation of its own in a
//! sandbox and walks through it as a caller does, over gRPC. The stories are in `tests/suite`; there
//! is nothing here.
