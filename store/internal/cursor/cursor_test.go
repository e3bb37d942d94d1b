package cursor_test

import (
	"encoding/base64"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
)

func TestWhatFormatWritesIsReadForTheSameOrderOnly(t *testing.T) {
	t.Parallel()
	orders := []store.Order{{By: "created_at"}, {By: "created_at", Descending: true}, {By: "updated_at"}}
	for _, want := range []cursor.Position{
		{Value: 0, Key: ""}, {Value: math.MinInt64, Key: "jane"}, {Value: math.MaxInt64, Key: " two words \x00\xff\n"}, {Value: -1, Key: "北京"},
	} {
		for _, order := range orders {
			text := cursor.Format(order, want)
			require.Regexp(t, `^[A-Za-z0-9_-]+$`, text, "it fits into a URL as it is")
			for _, asked := range orders {
				got, err := cursor.Parse(asked, text)
				if asked == order {
					require.NoError(t, err)
					require.Equal(t, want, got)
					continue
				}
				require.ErrorIs(t, err, store.ErrInvalid)
			}
		}
	}
}

func TestOtherTextsAreRefused(t *testing.T) {
	t.Parallel()
	order := store.Order{By: "created_at"}
	encode := base64.RawURLEncoding.EncodeToString
	for _, text := range []string{
		"", "jane", "=", encode([]byte("created_at")), encode([]byte("created_at ")), encode([]byte("created_at 1")),
		encode([]byte("created_at x jane")), encode([]byte("created_at 9223372036854775808 jane")), encode([]byte("created_at  jane")),
		encode([]byte("created_at 1 jane")) + "=", " " + encode([]byte("created_at 1 jane")),
	} {
		_, err := cursor.Parse(order, text)
		require.ErrorIs(t, err, store.ErrInvalid, "%q", text)
		require.ErrorContains(t, err, "after")
	}
}

func FuzzParse(f *testing.F) {
	order := store.Order{By: "created_at"}
	f.Add(cursor.Format(order, cursor.Position{Value: 1_700_000_000_000_000, Key: "jane.admin"}))
	f.Add("jane.admin")
	f.Fuzz(func(t *testing.T, text string) {
		position, err := cursor.Parse(order, text)
		if err != nil {
			require.ErrorIs(t, err, store.ErrInvalid)
			return
		}
		again, err := cursor.Parse(order, cursor.Format(order, position))
		require.NoError(t, err)
		require.Equal(t, position, again)
	})
}
