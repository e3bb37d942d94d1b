package app

import (
	"os"
	"regexp"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestProgramSettings_coverAllPrograms reads the flags from the
// sources: programs cannot be imported.
func TestProgramSettings_coverAllPrograms(t *testing.T) {
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
				file := iniFile{path: path, values: map[string]string{flag[1]: "x"}}
				require.Empty(t, file.unknownKeys(flags), flag[1])
			}
		}
	}
}
