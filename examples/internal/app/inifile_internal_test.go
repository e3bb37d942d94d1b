package app

import (
	"os"
	"regexp"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestLoadFlags_knowsSettingsOfAllPrograms reads the flags from the
// sources: programs cannot be imported.
func TestLoadFlags_knowsSettingsOfAllPrograms(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(Settings).Register(flags)
	for path, minFlags := range map[string]int{"../../server/settings.go": 5, "../../pbxctl/cli.go": 1, "../../xmppauth/main.go": 4} {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		found := regexp.MustCompile(`flags\.\w*Var\([^"\n]+, "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
		require.GreaterOrEqual(t, len(found), minFlags, path)
		for _, flag := range found {
			if flag[1] != "version" { // it is asked for, never set
				require.True(t, isKnownSetting(flags, flag[1]), flag[1])
			}
		}
	}
}
