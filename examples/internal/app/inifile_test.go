package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// program is one that has the settings and a flag of its own.
type program struct {
	settings app.Settings
	retries  int
	flags    *pflag.FlagSet
}

// newProgram is a program with that command line.
func newProgram(t *testing.T, line ...string) *program {
	t.Helper()
	p := &program{flags: pflag.NewFlagSet("program", pflag.ContinueOnError)}
	p.settings.Register(p.flags)
	app.RegisterIniFile(p.flags)
	p.flags.IntVar(&p.retries, "retries", 3, "`NUMBER` of tries")
	require.NoError(t, p.flags.Parse(line))
	return p
}

// writeIniFile writes a file of settings.
func writeIniFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pbxusers.ini")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestLoadFlags_precedenceFlagEnvFile(t *testing.T) {
	path := writeIniFile(t, "conf-dir = /from/file\nami-user = file\nami = none\nretries = 5\n")
	t.Setenv("PBXUSERS_CONF_DIR", "/from/environment")
	t.Setenv("PBXUSERS_AMI_USER", "environment")
	t.Setenv("PBXUSERS_ASTERISK", "")
	p := newProgram(t, "--conf-dir", "/from/line")
	require.NoError(t, app.LoadFlags(p.flags, path, true))
	require.Equal(t, "/from/line", p.settings.ConfDir)
	require.Equal(t, "environment", p.settings.AMIUser)
	require.Equal(t, "none", p.settings.AMI)
	require.Equal(t, 5, p.retries)
	require.Equal(t, "asterisk", p.settings.Asterisk, "an empty variable is none")
	require.Equal(t, "sqlite:pbxusers.db", p.settings.DB, "not set")

	// The command line may set what is the default.
	p = newProgram(t, "--retries", "3", "--ami-user", "pbxusers")
	require.NoError(t, app.LoadFlags(p.flags, path, true))
	require.Equal(t, 3, p.retries)
	require.Equal(t, "pbxusers", p.settings.AMIUser)
}

func TestLoadFlags_iniSyntax(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, want string }{
		"a setting":                 {"asterisk = /usr/sbin/asterisk -C /etc/a.conf", "/usr/sbin/asterisk -C /etc/a.conf"},
		"without blanks":            {"asterisk=x", "x"},
		"among comments":            {"; one\n# two\n\n  asterisk = x\n", "x"},
		"lines of Windows":          {"ami = none\r\nasterisk = x\r\n", "x"},
		"a byte order mark":         {"\ufeffasterisk = x", "x"},
		"the name of the section":   {"[DEFAULT]\nasterisk = x", "x"},
		"an empty section":          {"[server]\n[DEFAULT]\nasterisk = x", "x"},
		"nothing stays the default": {"asterisk =\n", "asterisk"},
		"an empty file":             {"", "asterisk"},
		"no comment behind a value": {"asterisk = a#b;c ; d # e", "a#b;c ; d # e"},
		"no continuation":           {"asterisk = x\\\nami = none", "x\\"},
		"no interpolation":          {"ami = none\nasterisk = %(ami)s", "%(ami)s"},
		"delimiters in a value":     {"asterisk = a=b:c", "a=b:c"},
		"quotes around it all":      {`asterisk = " x "`, " x "},
		"quotes inside":             {`asterisk = sh -c "x"`, `sh -c "x"`},
		"Chinese":                   {"asterisk = 电话", "电话"},
		"the other program's":       {"listen = :8080\nbase_url = https://pbx\nasterisk = x", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			require.NoError(t, app.LoadFlags(p.flags, writeIniFile(t, test.content), true))
			require.Equal(t, test.want, p.settings.Asterisk)
		})
	}
}

func TestLoadFlags_acceptsUnderscoresInKeys(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	require.NoError(t, app.LoadFlags(p.flags, writeIniFile(t, "conf_dir = /a\nami_secret-file = /b\n"), true))
	require.Equal(t, "/a", p.settings.ConfDir)
	require.Equal(t, "/b", p.settings.AMISecretFile)
}

func TestLoadFlags_rejectsBadFileWithoutEchoingValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, want string }{
		"unknown keys":          {"nonsense = hush\nami = none\nzz = hush", ": unknown setting nonsense\n"},
		"a key of another case": {"DB = hush", ": unknown setting DB"},
		"the file's own name":   {"config = hush", ": unknown setting config"},
		"no name":               {"- = hush", ": unknown setting #1"},
		"a wrong value":         {"retries = hush", ": the key retries holds no int for --retries"},
		"no setting":            {"ami = none\n\n  hush\n", ":3: missing = in the line"},
		"another delimiter":     {"ami: hush", ":1: missing = in the line"},
		"no key":                {"= hush", ": the file is malformed"},
		"an open section":       {"[hush", ": the file is malformed"},
		"an open quote":         {"asterisk = `hush\n", ": the file is malformed"},
		"a key twice":           {"ami = hush\nami = hush", ": duplicate key ami"},
		"a key in two forms":    {"conf-dir = hush\nconf_dir = hush", ": duplicate key conf_dir"},
		"a section":             {"[server]\nami = hush", ": section [server] contains settings"},
		"a huge file":           {"; " + strings.Repeat("hush ", 1<<18), "larger than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			path := writeIniFile(t, test.content)
			err := app.LoadFlags(p.flags, path, true)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, path)
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

func TestLoadFlags_listsAllUnknownKeys(t *testing.T) {
	t.Parallel()
	path := writeIniFile(t, "b = 1\na = 2\n")
	require.EqualError(t, app.LoadFlags(newProgram(t).flags, path, true),
		path+": unknown setting a\n"+path+": unknown setting b")
}

func TestLoadFlags_missingFileFailsOnlyIfRequired(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none.ini")
	require.NoError(t, app.LoadFlags(newProgram(t).flags, missing, false))
	require.ErrorIs(t, app.LoadFlags(newProgram(t).flags, missing, true), os.ErrNotExist)
	require.Error(t, app.LoadFlags(newProgram(t).flags, t.TempDir(), false), "a folder is no file of settings")
}

func TestIniFile_pathFromFlagOrEnv(t *testing.T) {
	path, required := app.IniFile(newProgram(t).flags)
	require.Equal(t, "pbxusers.ini", path)
	require.False(t, required)
	t.Setenv("PBXUSERS_CONFIG", "environment.ini")
	path, required = app.IniFile(newProgram(t).flags)
	require.Equal(t, "environment.ini", path)
	require.True(t, required)
	path, required = app.IniFile(newProgram(t, "--config", "line.ini").flags)
	require.Equal(t, "line.ini", path)
	require.True(t, required)
}

func FuzzLoadFlags(f *testing.F) {
	for _, seed := range []string{
		"ami = none", "[x]\ny = z", "asterisk = `x", `asterisk = """x"""`, `"a" = b`, "= x", "- = x", "a = b\na = c", "\ufeffdb = x\\\n", "`a=b` = c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		p := newProgram(t)
		if err := app.LoadFlags(p.flags, writeIniFile(t, content), true); err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, p.settings.DB, "an empty value is none")
	})
}
