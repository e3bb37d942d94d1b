// Package memstore keeps everything in memory, for tests and demonstrations:
// it shows the behaviour of every other backend, proven by store/storetest,
// and forgets all when the process ends. Secrets are not sealed.
package memstore
