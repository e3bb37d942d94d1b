package storetest

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func pictureRules() []rule {
	return []rule{
		{"picture_stored", pictureStored},
		{"picture_removed", pictureRemoved},
		{"picture_requires_user", pictureRequiresUser},
		{"picture_not_shared", pictureNotShared},
	}
}

func requirePicture(t *testing.T, st userman.Store, username, want string) {
	t.Helper()
	picture, err := st.Picture(t.Context(), idOf(username))
	if want == "" {
		requireNotFound(t, err, "picture")
		return
	}
	require.NoError(t, err)
	require.Equal(t, want, string(picture))
}

func pictureStored(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob")
	requirePicture(t, st, "jane", "")
	for _, picture := range []string{"\x00\xff\xd8 '\"", string(bytes.Repeat([]byte("picture"), 100_000)), "small"} {
		require.NoError(t, st.PutPicture(t.Context(), idOf("jane"), []byte(picture)))
		requirePicture(t, st, "jane", picture)
		requirePicture(t, st, "bob", "")
	}
	updateUser(t, st, "jane", func(u *userman.User) { u.Picture = "v2" }) // a version, and not the bytes
	requirePicture(t, st, "jane", "small")
}

func pictureRemoved(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob")
	for _, nothing := range [][]byte{nil, {}} {
		for _, username := range []string{"jane", "bob"} {
			require.NoError(t, st.PutPicture(t.Context(), idOf(username), []byte(username)))
		}
		for range 2 {
			require.NoError(t, st.PutPicture(t.Context(), idOf("jane"), nothing), "it is no error when there is none")
		}
		requirePicture(t, st, "jane", "")
		requirePicture(t, st, "bob", "bob")
	}
}

func pictureRequiresUser(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, b.Users("acme"), "jane")
	runInTx(t, b, func(ctx context.Context) error {
		for _, picture := range [][]byte{nil, []byte("picture")} {
			requireNotFound(t, st.PutPicture(ctx, idOf("jane"), picture), "user")
		}
		return nil
	})
	requirePicture(t, st, "jane", "")
}

func pictureNotShared(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	given := []byte("picture")
	require.NoError(t, st.PutPicture(t.Context(), idOf("jane"), given))
	given[0] = 'x'
	read, err := st.Picture(t.Context(), idOf("jane"))
	require.NoError(t, err)
	read[0] = 'y'
	requirePicture(t, st, "jane", "picture")
}
