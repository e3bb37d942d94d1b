package cursor_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
)

func TestParse_readsFormatOfSameSortOnly(t *testing.T) {
	t.Parallel()
	sorts := []store.Sort{{By: "created_at"}, {By: "created_at", Descending: true}, {By: "updated_at"}}
	for _, want := range []cursor.Position{
		{"", ""}, {"-9223372036854775808", "jane"}, {" two words \x00\xff\n", "3:abc 2:", "x"}, {"北京"},
	} {
		for _, sort := range sorts {
			text := cursor.Format(sort, want)
			require.Regexp(t, `^[A-Za-z0-9_-]+$`, text, "it fits into a URL as it is")
			for _, other := range sorts {
				got, err := cursor.Parse(other, text, len(want))
				if other == sort {
					require.NoError(t, err)
					require.Equal(t, want, got)
					continue
				}
				require.ErrorIs(t, err, store.ErrInvalid)
			}
			for _, n := range []int{len(want) - 1, len(want) + 1} {
				_, err := cursor.Parse(sort, text, n)
				require.ErrorIs(t, err, store.ErrInvalid)
			}
		}
	}
}

func TestParse_rejectsMalformedCursors(t *testing.T) {
	t.Parallel()
	sort := store.Sort{By: "created_at"}
	encode := base64.RawURLEncoding.EncodeToString
	for _, text := range []string{
		"", "jane", "=", encode([]byte("created_at")), encode([]byte("created_at ")), encode([]byte("created_at 1:a")),
		encode([]byte("created_at x 1:a")), encode([]byte("created_at 2:a 1:a")), encode([]byte("created_at  1:a 1:a")),
		encode([]byte("created_at 01:a 1:a")), encode([]byte("created_at +1:a 1:a")), encode([]byte("created_at -1:a 1:a")),
		encode([]byte("created_at 1:a 99999999999:a")), encode([]byte("created_at 1:a 1:ab")), encode([]byte("created_at 1:a1:a")),
		encode([]byte("created_at 1:a 1:a")) + "=", " " + encode([]byte("created_at 1:a 1:a")),
	} {
		_, err := cursor.Parse(sort, text, 2)
		require.ErrorIs(t, err, store.ErrInvalid, "%q", text)
		require.ErrorContains(t, err, "after")
	}
}

func FuzzParse(f *testing.F) {
	sort := store.Sort{By: "created_at"}
	f.Add(cursor.Format(sort, cursor.Position{"1700000000000000", "jane.admin"}))
	f.Add("jane.admin")
	f.Fuzz(func(t *testing.T, text string) {
		position, err := cursor.Parse(sort, text, 2)
		if err != nil {
			require.ErrorIs(t, err, store.ErrInvalid)
			return
		}
		again, err := cursor.Parse(sort, cursor.Format(sort, position), 2)
		require.NoError(t, err)
		require.Equal(t, position, again)
	})
}
