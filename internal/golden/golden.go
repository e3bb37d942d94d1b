package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// update is the environment variable that has files written instead of read.
const update = "PBXUSERS_UPDATE_GOLDEN"

// Check requires that the file testdata/golden/path holds exactly got. Lines
// end in one newline, also the last one.
func Check(t testing.TB, path, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", filepath.FromSlash(path))
	got = strings.TrimRight(got, "\n") + "\n"
	if os.Getenv(update) != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o640))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "set %s=1 to write it", update)
	require.Equal(t, string(want), got, "%s differs; set %s=1 to write it anew, if that is meant", file, update)
}

// CheckFiles requires that the folder testdata/golden/folder holds files of
// these names, and no other: a file that nothing is compared with any more
// proves nothing.
func CheckFiles(t testing.TB, folder string, names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", "golden", filepath.FromSlash(folder)))
	require.NoError(t, err)
	found := []string{}
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	require.ElementsMatch(t, names, found)
}
