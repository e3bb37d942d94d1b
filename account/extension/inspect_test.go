package extension_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/asteriskconf"
)

func TestPJSIPSource_Inspect_findsMissingTransport(t *testing.T) {
	t.Parallel()
	source := extension.NewPJSIPSource(nil, nil)
	for name, test := range map[string]struct {
		conf    string
		missing bool
	}{
		"as packaged": {";[transport-udp]\n;type=transport\n", true},
		"template":    {"[udp](!)\ntype = transport\n", true},
		"transport":   {"[udp](!)\ntype = transport\n[transport-udp](udp)\nbind = 127.0.0.1\n", false},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "pjsip.conf")
		require.NoError(t, os.WriteFile(path, []byte(test.conf), 0o600))
		config, err := asteriskconf.Open(dir, []asteriskconf.Source{source}, nil)
		require.NoError(t, err)
		plan, err := config.PlanInstall(t.Context())
		require.NoError(t, err)
		if !test.missing {
			require.Empty(t, plan.Issues, name)
			continue
		}
		require.Len(t, plan.Issues, 1, name)
		require.Equal(t, extension.IssueTransport, plan.Issues[0].Code)
		_, err = config.Install(t.Context(), extension.IssueTransport)
		require.NoError(t, err)
		plan, err = config.PlanInstall(t.Context())
		require.NoError(t, err)
		require.Empty(t, plan.Issues, name)
	}
}
