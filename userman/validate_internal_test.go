package userman

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsLanguage_rejectsLongTagWithoutParsing(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	long := "en" + strings.Repeat("-abcdefgh", 100_000)
	require.Zero(t, testing.AllocsPerRun(100, func() { require.False(t, isLanguage(long)) }))
	require.Equal(t, long, normalizeFields(&User{Language: long}).Language, "it is refused as it is")
}
