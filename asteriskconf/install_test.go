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

// confFolder is a configuration folder with the given files, and no Asterisk.
func confFolder(t testing.TB, files map[string]string) (string, *asteriskconf.Folder) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o640))
	}
	folder, err := openFolder(dir, "", memstore.New().Managers(), nil)
	require.NoError(t, err)
	return dir, folder
}

func contentOf(t testing.TB, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(content)
}

const goodGeneral = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"

func TestInstall_usesAnIncludeThatIsThereAlready(t *testing.T) {
	t.Parallel()
	for _, include := range []string{"#include \"manager.d/*.conf\"", "#tryinclude manager.d/*.conf", "#include <manager.d/pbxusers_manager.conf>"} {
		parent := goodGeneral + include + "\n"
		dir, folder := confFolder(t, map[string]string{"manager.conf": parent, "manager.d/README.conf": "; nothing\n"})
		if filepath.Base(include) == "pbxusers_manager.conf>" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, ours), nil, 0o600))
		}
		plan, err := folder.Install(within(t))
		require.NoError(t, err, include)
		require.Equal(t, ours, plan.Files[0].Path)
		require.Equal(t, "manager.conf:4", plan.Files[0].IncludedBy)
		require.Empty(t, plan.Files[0].Adds)
		require.Empty(t, plan.Obstacles)
		require.Equal(t, parent, contentOf(t, dir, "manager.conf"), "not a byte of it changed")
		require.FileExists(t, filepath.Join(dir, ours))
	}
}

func TestInstall_addsOneLineOnce_andKeepsACopy(t *testing.T) {
	t.Parallel()
	for _, parent := range []string{goodGeneral, goodGeneral + "[crm]\nsecret = x", "; no newline at the end"} {
		dir, folder := confFolder(t, map[string]string{"manager.conf": parent})
		planned, err := folder.PlanInstall(within(t))
		require.NoError(t, err)
		require.Equal(t, "#tryinclude pbxusers_manager.conf", planned.Files[0].Adds)
		require.Equal(t, parent, contentOf(t, dir, "manager.conf"), "a plan changes nothing")
		_, err = folder.Install(within(t))
		require.NoError(t, err)
		installed := contentOf(t, dir, "manager.conf")
		require.Regexp(t, `^(?s)`+`.*\n#tryinclude pbxusers_manager.conf\n$`, installed)
		require.Contains(t, installed, parent)

		again, err := folder.Install(within(t))
		require.NoError(t, err)
		require.True(t, again.Empty())
		require.Equal(t, installed, contentOf(t, dir, "manager.conf"))
		kept, err := filepath.Glob(filepath.Join(dir, ".pbxusers", "kept", "manager.conf.*"))
		require.NoError(t, err)
		require.Len(t, kept, 1)
		require.Equal(t, parent, contentOf(t, kept[0]))
	}
}

func TestInstall_mendsOnlyWhatItIsToldTo(t *testing.T) {
	t.Parallel()
	const parent = "[general]\n; the port of AMI\nport = 5038\nenabled = no ; off\nbindaddr = 0.0.0.0\n[crm]\nsecret = x\n"
	dir, folder := confFolder(t, map[string]string{"manager.conf": parent})
	plan, err := folder.Install(within(t))
	require.NoError(t, err)
	require.Len(t, plan.Obstacles, 2)
	require.Equal(t, 4, plan.Obstacles[0].Line)
	require.Equal(t, 5, plan.Obstacles[1].Line)
	require.Equal(t, parent+"#tryinclude pbxusers_manager.conf\n", contentOf(t, dir, "manager.conf"))

	_, err = folder.Install(within(t), manager.ObstacleDisabled, "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid)
	_, err = folder.PlanInstall(within(t), "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid, "a plan refuses what the installation would")
	require.Equal(t, parent+"#tryinclude pbxusers_manager.conf\n", contentOf(t, dir, "manager.conf"), "refused as a whole")

	_, err = folder.Install(within(t), manager.ObstacleDisabled, manager.ObstaclePublic)
	require.NoError(t, err)
	require.Equal(t, "[general]\n; the port of AMI\nport = 5038\nenabled = yes\nbindaddr = 127.0.0.1\n[crm]\nsecret = x\n#tryinclude pbxusers_manager.conf\n",
		contentOf(t, dir, "manager.conf"))
	plan, err = folder.PlanInstall(within(t))
	require.NoError(t, err)
	require.Empty(t, plan.Obstacles)
}

func TestInstall_addsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for parent, want := range map[string]string{
		"[general]\nport = 5038\n":         "[general]\nbindaddr = 127.0.0.1\nenabled = yes\nport = 5038\n",
		"[GENERAL]":                        "[GENERAL]\nbindaddr = 127.0.0.1\nenabled = yes\n",
		"; empty but for this\n":           "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n\n; empty but for this\n",
		"[crm]\nsecret = x\n[general]\n\n": "[crm]\nsecret = x\n[general]\nbindaddr = 127.0.0.1\nenabled = yes\n\n",
	} {
		dir, folder := confFolder(t, map[string]string{"manager.conf": parent})
		plan, err := folder.PlanInstall(within(t))
		require.NoError(t, err)
		var codes []string
		for _, o := range plan.Obstacles {
			codes = append(codes, o.Code)
		}
		_, err = folder.Install(within(t), codes...)
		require.NoError(t, err)
		require.Equal(t, want+"#tryinclude pbxusers_manager.conf\n", contentOf(t, dir, "manager.conf"))
	}
}

func TestInstall_keepsModeAndFollowsALinkInsideTheFolder(t *testing.T) {
	t.Parallel()
	dir, folder := confFolder(t, map[string]string{"real/manager.conf": goodGeneral})
	for _, target := range []string{filepath.Join("real", "manager.conf"), filepath.Join(dir, "real", "manager.conf")} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, "manager.conf")))
		_, err := folder.Install(within(t))
		require.NoError(t, err)
		require.Equal(t, goodGeneral+"#tryinclude pbxusers_manager.conf\n", contentOf(t, dir, "real", "manager.conf"))
		_, err = folder.Apply(within(t))
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

func TestInstall_refusesALinkThatLeadsOutOfTheFolder(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "manager.conf")
	require.NoError(t, os.WriteFile(outside, []byte(goodGeneral), 0o600))
	dir, folder := confFolder(t, nil)
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "manager.conf")))
	_, err := folder.Install(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Equal(t, goodGeneral, contentOf(t, outside))
}

func TestInstall_refusesAFolderThatIsNotInOrder(t *testing.T) {
	t.Parallel()
	_, err := asteriskconf.Open(filepath.Join(t.TempDir(), "missing"), nil, nil)
	require.ErrorIs(t, err, os.ErrNotExist)

	_, folder := confFolder(t, nil)
	_, err = folder.Install(within(t))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Contains(t, err.Error(), "manager.conf")

	dir, folder := confFolder(t, map[string]string{"manager.conf": "[general\n"})
	_, err = folder.Install(within(t))
	require.ErrorAs(t, err, new(*asteriskconf.BrokenFileError))
	require.Equal(t, "[general\n", contentOf(t, dir, "manager.conf"))
}

func TestAFolderThatIsNotInstalledSaysSo(t *testing.T) {
	t.Parallel()
	_, folder := confFolder(t, map[string]string{"manager.conf": goodGeneral})
	for name, act := range map[string]func() error{
		"plan":  func() error { _, err := folder.Plan(within(t)); return err },
		"apply": func() error { _, err := folder.Apply(within(t)); return err },
	} {
		var missing *asteriskconf.NotInstalledError
		require.ErrorAs(t, act(), &missing, name)
		require.Equal(t, "manager.conf", missing.Parent)
	}
	pending, err := folder.Pending(within(t))
	require.NoError(t, err)
	require.True(t, pending)
}
