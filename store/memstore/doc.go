// Package memstore stores everything in memory, for tests and demonstrations. It
// passes the conformance suite store/storetest like every backend. Secrets are not
// encrypted.
package memstore
