package passwords

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/secure/precis"
	"pgregory.net/rapid"
)

func TestNormalize_matchesOpaqueString(t *testing.T) {
	t.Parallel()

	isOpaque := func(password string) bool {
		_, err := precis.OpaqueString.String(password)
		return err == nil
	}
	anyRune := rapid.Rune().Filter(func(r rune) bool { return isOpaque(string(r)) })
	composing := rapid.RuneFrom([]rune("ae\u0301\u0323\u0345\u00a0\u3000\u2000\u1e9b\u0307Å\u212bﬁ가\u1100\u1161"))
	draw := rapid.StringOfN(rapid.OneOf(anyRune, composing), 1, -1, -1).Filter(isOpaque)
	rapid.Check(t, func(t *rapid.T) {
		password := draw.Draw(t, "password")
		opaque, err := precis.OpaqueString.String(password)
		require.NoError(t, err)
		normalized, ok := normalize(password)
		require.True(t, ok || len(opaque) > MaxLength)
		require.Equal(t, opaque, normalized)
		again, _ := normalize(normalized)
		require.Equal(t, normalized, again)
	})
}
