package asteriskconf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

func TestReport_String(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Nothing to apply: Asterisk serves the current records.\n", (&asteriskconf.Report{}).String())
	report := &asteriskconf.Report{
		Generation: 3, Changed: true, Verified: true,
		Files: []asteriskconf.FileReport{
			{Path: "/etc/asterisk/a.conf", Added: 1, Removed: 2, BackupPath: "/etc/asterisk/a.conf.bak", Notes: []string{"one session ended"}},
			{Path: "/etc/asterisk/b.conf"},
		},
	}
	files := "/etc/asterisk/a.conf: 1 added, 0 modified, 2 removed\n" +
		"  edited manually; backup of the edited file: /etc/asterisk/a.conf.bak\n" +
		"  one session ended\n" +
		"/etc/asterisk/b.conf: unchanged\n"
	require.Equal(t, files+"Generation 3 is live.\n", report.String())
	report.Verified = false
	require.Contains(t, report.String(), files+"Files written, but not verified")
}

func TestRecovery_String(t *testing.T) {
	t.Parallel()
	for want, recovery := range map[string]asteriskconf.Recovery{
		"No apply was interrupted.\n":                          {},
		"The new generation was completed.\n":                  {Interrupted: true, RolledForward: true},
		"Rolled back to the previous generation.\n":            {Interrupted: true},
		"Rolled back to the previous generation: a mismatch\n": {Interrupted: true, Reason: "a mismatch"},
	} {
		require.Equal(t, want, recovery.String())
	}
}
