package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestParseSort_roundTripsString(t *testing.T) {
	t.Parallel()
	for text, sort := range map[string]store.Sort{
		"":            {},
		"name":        {By: "name"},
		"-created_at": {By: "created_at", Descending: true},
	} {
		parsed, err := store.ParseSort(text, []string{"name", "created_at"})
		require.NoError(t, err)
		require.Equal(t, sort, parsed)
		require.Equal(t, text, sort.String())
		require.NoError(t, sort.Validate([]string{"name", "created_at"}))
	}
}

func TestParseSort_rejectsUnknownFields(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"secret", "-secret", "-", "--name", "name; DROP TABLE", "NAME"} {
		_, err := store.ParseSort(text, []string{"name"})
		var invalid *store.InvalidError
		require.ErrorAs(t, err, &invalid, text)
		require.Equal(t, "sort", invalid.Fields[0].Field)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, by := range []string{"secret", "-name"} {
		require.ErrorIs(t, store.Sort{By: by}.Validate([]string{"name"}), store.ErrInvalid)
	}
}
