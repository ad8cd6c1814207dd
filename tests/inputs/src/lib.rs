//! Every method of every service with input that it must refuse: nothing but tests, in `tests/suite`.
//! The requests are generated from the descriptors, so that a new method is tested as soon as a
//! contract has it.
