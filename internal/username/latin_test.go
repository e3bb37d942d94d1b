package username_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/username"
)

func TestLatin_keepsLettersWithoutSpelling(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "jane": "jane", "zoë": "zoe", "zoe\u0308": "zoe", "o\u0308z": "oez", "weiß": "weiss", "łukasz": "lukasz", "søren": "soeren", "nguyễn": "nguyen",
		"王.小明": "王.小明", "が": "が", "김": "김", "йод": "йод",
	} {
		require.Equal(t, want, username.Latin(name), name)
	}
}
