// Package store has the types that all packages of this module share: domain errors
// ([InvalidError], [NotFoundError], [AlreadyExistsError], [ConflictError],
// [InUseError]), secrets ([Secret]) and their encryption at rest ([Keyring]),
// transactions ([Transactor]), and pages of long lists ([PageRequest], [Page]).
//
// It is not a database, and has no rules of a domain. The interfaces that a backend
// implements are in the domain packages. The module has two backends:
// store/memstore for tests and demonstrations, and store/sqlstore for everything
// else. Package store/storetest is a conformance suite for backends, including your
// own.
package store
