package username_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/username"
)

func TestDerive_mapsApostrophesAndBlanks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"O'Neil": "ONeil", "o’neil": "oneil", "d`arcy": "darcy", "'t Hooft": "t.Hooft", "Jane Doe": "Jane.Doe", " Jane  van\u00a0der Berg ": "Jane.van.der.Berg",
		"jane.doe": "jane.doe", "Zoe\u0308": "Zoë", "王 小明": "王.小明", "": "",
	} {
		require.Equal(t, want, username.Derive(name), name)
		require.True(t, want == "" || username.Valid(want), name)
	}
	for _, name := range []string{"*)(uid=*", "jane\tdoe", "jane\ndoe", "svc$", "a/b", "jane\x00", "j\xffne", "'", ".jane"} {
		require.False(t, username.Valid(username.Derive(name)), name)
	}
}

func TestDerive_isIdempotentAndKeepsValidNames(t *testing.T) {
	t.Parallel()
	names := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("aÖz9.'’ \u00a0-_@"))))
	rapid.Check(t, func(t *rapid.T) {
		name := names.Draw(t, "name")
		derived := username.Derive(name)
		require.Equal(t, derived, username.Derive(derived))
		if normal := username.Normalize(name); username.Valid(normal) {
			require.Equal(t, normal, derived)
		}
		if username.Valid(derived) {
			require.False(t, strings.ContainsAny(derived, apostrophes()+" "))
		}
	})
}

func apostrophes() string { return "'’‘‛`´" }
