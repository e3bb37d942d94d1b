package app_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

func TestHint_unreadableDatabase(t *testing.T) {
	t.Parallel()
	settings := offlineSettings(t)
	openApp(t, settings)
	path := strings.TrimPrefix(settings.DB, "sqlite:")
	require.NoError(t, os.Rename(path, path+".aside"))
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err := app.Open(t.Context(), settings, nil)
	require.ErrorContains(t, err, "database "+settings.DB+": ")
	require.Contains(t, app.Hint(err), "as the owner of these files and their folder", "SQLite tells no more: %v", err)
}
