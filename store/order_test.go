package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestOrdersAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, order := range map[string]store.Order{
		"":            {},
		"name":        {By: "name"},
		"-created_at": {By: "created_at", Descending: true},
	} {
		parsed, err := store.ParseOrder(text, []string{"name", "created_at"})
		require.NoError(t, err)
		require.Equal(t, order, parsed)
		require.Equal(t, text, order.String())
		require.NoError(t, order.Check([]string{"name", "created_at"}))
	}
}

func TestOrdersByOtherFieldsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"secret", "-secret", "-", "--name", "name; DROP TABLE", "NAME"} {
		_, err := store.ParseOrder(text, []string{"name"})
		var invalid *store.InvalidError
		require.ErrorAs(t, err, &invalid, text)
		require.Equal(t, "sort", invalid.Fields[0].Field)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, by := range []string{"secret", "-name"} {
		require.ErrorIs(t, store.Order{By: by}.Check([]string{"name"}), store.ErrInvalid)
	}
}
