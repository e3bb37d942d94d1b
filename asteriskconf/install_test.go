package asteriskconf_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// newConfigDir returns a configuration folder with the given files and no
// Asterisk.
func newConfigDir(t testing.TB, files map[string]string) (string, *asteriskconf.ConfigDir) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o640))
	}
	configDir, err := openConfigDir(dir, "", memstore.New().AMIAccounts(), nil)
	require.NoError(t, err)
	return dir, configDir
}

func readFile(t testing.TB, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(content)
}

const validGeneral = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"

func TestConfigDir_Install_usesExistingInclude(t *testing.T) {
	t.Parallel()
	for _, include := range []string{"#include \"manager.d/*.conf\"", "#tryinclude manager.d/*.conf", "#include <manager.d/pbxusers_manager.conf>"} {
		parent := validGeneral + include + "\n"
		dir, configDir := newConfigDir(t, map[string]string{"manager.conf": parent, "manager.d/README.conf": "; nothing\n"})
		if filepath.Base(include) == "pbxusers_manager.conf>" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, managedFile), nil, 0o600))
		}
		plan, err := configDir.Install(testContext(t))
		require.NoError(t, err, include)
		require.Equal(t, managedFile, plan.Files[0].Path)
		require.Equal(t, "manager.conf:4", plan.Files[0].IncludedBy)
		require.Empty(t, plan.Files[0].IncludeLine)
		require.Empty(t, plan.Issues)
		require.Equal(t, parent, readFile(t, dir, "manager.conf"), "the parent must not change")
		require.FileExists(t, filepath.Join(dir, managedFile))
	}
}

func TestConfigDir_Install_addsIncludeOnceAndSavesBackup(t *testing.T) {
	t.Parallel()
	for _, parent := range []string{validGeneral, validGeneral + "[crm]\nsecret = x", "; no newline at the end"} {
		dir, configDir := newConfigDir(t, map[string]string{"manager.conf": parent})
		planned, err := configDir.PlanInstall(testContext(t))
		require.NoError(t, err)
		require.Equal(t, "#tryinclude pbxusers_manager.conf", planned.Files[0].IncludeLine)
		require.Equal(t, parent, readFile(t, dir, "manager.conf"), "a plan changes nothing")
		_, err = configDir.Install(testContext(t))
		require.NoError(t, err)
		installed := readFile(t, dir, "manager.conf")
		require.Regexp(t, `^(?s)`+`.*\n#tryinclude pbxusers_manager.conf\n$`, installed)
		require.Contains(t, installed, parent)

		again, err := configDir.Install(testContext(t))
		require.NoError(t, err)
		require.True(t, again.Empty())
		require.Equal(t, installed, readFile(t, dir, "manager.conf"))
		backup, err := filepath.Glob(filepath.Join(dir, ".pbxusers", "backups", "manager.conf.*"))
		require.NoError(t, err)
		require.Len(t, backup, 1)
		require.Equal(t, parent, readFile(t, backup[0]))
	}
}

func TestConfigDir_Install_fixesRequestedIssuesOnly(t *testing.T) {
	t.Parallel()
	const parent = "[general]\n; the port of AMI\nport = 5038\nenabled = no ; off\nbindaddr = 0.0.0.0\n[crm]\nsecret = x\n"
	dir, configDir := newConfigDir(t, map[string]string{"manager.conf": parent})
	plan, err := configDir.Install(testContext(t))
	require.NoError(t, err)
	require.Len(t, plan.Issues, 2)
	require.Equal(t, 4, plan.Issues[0].Line)
	require.Equal(t, 5, plan.Issues[1].Line)
	require.Equal(t, parent+"#tryinclude pbxusers_manager.conf\n", readFile(t, dir, "manager.conf"))

	_, err = configDir.Install(testContext(t), manager.IssueDisabled, "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid)
	_, err = configDir.PlanInstall(testContext(t), "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid, "a plan returns the errors of Install")
	require.Equal(t, parent+"#tryinclude pbxusers_manager.conf\n", readFile(t, dir, "manager.conf"), "nothing is fixed after an error")

	_, err = configDir.Install(testContext(t), manager.IssueDisabled, manager.IssuePublic)
	require.NoError(t, err)
	require.Equal(t, "[general]\n; the port of AMI\nport = 5038\nenabled = yes\nbindaddr = 127.0.0.1\n[crm]\nsecret = x\n#tryinclude pbxusers_manager.conf\n",
		readFile(t, dir, "manager.conf"))
	plan, err = configDir.PlanInstall(testContext(t))
	require.NoError(t, err)
	require.Empty(t, plan.Issues)
}

func TestConfigDir_Install_addsMissingSettings(t *testing.T) {
	t.Parallel()
	for parent, want := range map[string]string{
		"[general]\nport = 5038\n":         "[general]\nbindaddr = 127.0.0.1\nenabled = yes\nport = 5038\n",
		"[GENERAL]":                        "[GENERAL]\nbindaddr = 127.0.0.1\nenabled = yes\n",
		"; empty but for this\n":           "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n\n; empty but for this\n",
		"[crm]\nsecret = x\n[general]\n\n": "[crm]\nsecret = x\n[general]\nbindaddr = 127.0.0.1\nenabled = yes\n\n",
	} {
		dir, configDir := newConfigDir(t, map[string]string{"manager.conf": parent})
		plan, err := configDir.PlanInstall(testContext(t))
		require.NoError(t, err)
		var codes []string
		for _, o := range plan.Issues {
			codes = append(codes, o.Code)
		}
		_, err = configDir.Install(testContext(t), codes...)
		require.NoError(t, err)
		require.Equal(t, want+"#tryinclude pbxusers_manager.conf\n", readFile(t, dir, "manager.conf"))
	}
}

func TestConfigDir_Install_keepsModeAndFollowsInnerSymlink(t *testing.T) {
	t.Parallel()
	dir, configDir := newConfigDir(t, map[string]string{"real/manager.conf": validGeneral})
	for _, target := range []string{filepath.Join("real", "manager.conf"), filepath.Join(dir, "real", "manager.conf")} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, "manager.conf")))
		_, err := configDir.Install(testContext(t))
		require.NoError(t, err)
		require.Equal(t, validGeneral+"#tryinclude pbxusers_manager.conf\n", readFile(t, dir, "real", "manager.conf"))
		_, err = configDir.Apply(testContext(t))
		require.NoError(t, err)
		if !filepath.IsAbs(target) {
			require.NoError(t, os.Remove(filepath.Join(dir, "manager.conf")))
		}
	}
	link, err := os.Lstat(filepath.Join(dir, "manager.conf"))
	require.NoError(t, err)
	require.NotZero(t, link.Mode()&os.ModeSymlink)
	info, err := os.Stat(filepath.Join(dir, "manager.conf"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
}

func TestConfigDir_Install_rejectsOutwardSymlink(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "manager.conf")
	require.NoError(t, os.WriteFile(outside, []byte(validGeneral), 0o600))
	dir, configDir := newConfigDir(t, nil)
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "manager.conf")))
	_, err := configDir.Install(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Equal(t, validGeneral, readFile(t, outside))
}

func TestConfigDir_Install_rejectsInvalidDirectory(t *testing.T) {
	t.Parallel()
	_, err := asteriskconf.Open(filepath.Join(t.TempDir(), "missing"), nil, nil)
	require.ErrorIs(t, err, os.ErrNotExist)

	_, configDir := newConfigDir(t, nil)
	_, err = configDir.Install(testContext(t))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Contains(t, err.Error(), "manager.conf")

	dir, configDir := newConfigDir(t, map[string]string{"manager.conf": "[general\n"})
	_, err = configDir.Install(testContext(t))
	require.ErrorAs(t, err, new(*asteriskconf.SyntaxError))
	require.Equal(t, "[general\n", readFile(t, dir, "manager.conf"))
}

func TestNotInstalledError_returnedBeforeInstall(t *testing.T) {
	t.Parallel()
	_, configDir := newConfigDir(t, map[string]string{"manager.conf": validGeneral})
	for name, act := range map[string]func() error{
		"plan":  func() error { _, err := configDir.Plan(testContext(t)); return err },
		"apply": func() error { _, err := configDir.Apply(testContext(t)); return err },
	} {
		var missing *asteriskconf.NotInstalledError
		require.ErrorAs(t, act(), &missing, name)
		require.Equal(t, "manager.conf", missing.Parent)
	}
	pending, err := configDir.Pending(testContext(t))
	require.NoError(t, err)
	require.True(t, pending)
}
