// Package store is the vocabulary that all packages of this module share:
// how a request is refused ([InvalidError], [NotFoundError], [AlreadyExistsError],
// [ConflictError], [InUseError]), how a secret is carried ([Secret]) and
// sealed at rest ([Keyring]), how several writes become one ([Transactor]),
// and how a long list is read page by page ([PageRequest], [Page]).
//
// It is not a database, and it holds no rule of any domain: the interfaces
// that a backend implements stand in the domain packages, beside the service
// that uses them. Two backends come with the module: store/memstore for tests
// and demonstrations, store/sqlstore for everything else. The behaviour that
// every backend must show is a test suite, store/storetest, which a backend
// of your own can run too.
package store
