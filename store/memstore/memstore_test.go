package memstore_test

import (
	"testing"

	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/storetest"
)

func TestDB_conformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Backend { return memstore.New() })
}
