package sqlstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDB_ID_isUniquePerDatabase(t *testing.T) {
	t.Parallel()
	first, _ := open(t, newPath(t))
	second, _ := open(t, newPath(t))
	one, err := first.ID(t.Context())
	require.NoError(t, err)
	again, err := first.ID(t.Context())
	require.NoError(t, err)
	other, err := second.ID(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{32}$`, one)
	require.Equal(t, one, again)
	require.NotEqual(t, one, other)
}
