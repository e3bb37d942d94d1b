package asterisk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// env is a host with its accounts and audit log.
type env struct {
	*asterisk.Host

	accounts *manager.Service
	auditLog *audit.Log
	opts     asterisk.Options
}

// newHost returns a host with these options, on records of its own.
func newHost(t *testing.T, opts asterisk.Options) *env {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	db := memstore.New()
	e := &env{auditLog: audit.New(db.Audit(), keyring, nil)}
	if opts.SecretFile == "" {
		opts.SecretFile = filepath.Join(t.TempDir(), "ami.secret")
	}
	e.accounts = manager.New(db.AMIAccounts(), &manager.Options{Audit: e.auditLog, NameInUse: manager.NameInAsterisk(opts.ConfDir, asterisk.New(nil, nil, &opts).Command), ApplyAccount: asterisk.DefaultAccount})
	opts.Audit = e.auditLog
	e.opts = opts
	e.Host = asterisk.New(e.accounts, db.AMIAccounts(), &opts)
	return e
}

// startHost returns a host with a running Asterisk.
func startHost(t *testing.T, opts *testservers.AsteriskOptions) *env {
	t.Helper()
	running := testservers.StartAsterisk(t, opts)
	return newHost(t, asterisk.Options{ConfDir: running.ConfDir, Console: strings.Join(running.Command(), " ")})
}

// newConfDir returns a configuration folder without a running Asterisk.
func newConfDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manager.conf"), []byte("[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"), 0o600))
	return dir
}

// actions are the actions of the audit log, the newest first.
func (e *env) actions(t *testing.T) []string {
	t.Helper()
	list, err := e.auditLog.List(t.Context(), audit.Query{})
	require.NoError(t, err)
	var actions []string
	for _, entry := range list.Items {
		actions = append(actions, entry.Action+" "+string(entry.Outcome))
	}
	return actions
}

func TestHost_Install_connectsWithAccountOfItsOwn(t *testing.T) {
	t.Parallel()
	h := startHost(t, &testservers.AsteriskOptions{NoAMIUser: true})
	_, err := h.Version(t.Context())
	require.ErrorAs(t, err, new(*asterisk.SecretFileError))
	require.ErrorContains(t, err, "no secret for the AMI account pbxusers")
	require.ErrorIs(t, err, os.ErrNotExist)

	plan, err := h.PlanInstall(t.Context())
	require.NoError(t, err)
	require.False(t, plan.Empty())
	installed, err := h.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, plan.Files, installed.Installation.Files)
	require.True(t, installed.Report.Verified)
	require.Equal(t, "install succeeded", h.actions(t)[len(h.actions(t))-1])
	info, err := os.Stat(h.opts.SecretFile)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	version, err := h.Version(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^\d+\.\d+`, version)
	client, err := h.Dial(t.Context(), "")
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	_, err = h.accounts.Create(t.Context(), &manager.Account{Name: "crm", Permit: loopback(t)})
	require.NoError(t, err)
	var steps []string
	dir, err := h.ConfigDir(client, func(p asteriskconf.Progress) { steps = append(steps, p.Step) })
	require.NoError(t, err)
	_, err = dir.Apply(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, steps)

	probed, err := h.Probe(t.Context(), "crm", nil)
	require.NoError(t, err)
	require.Equal(t, manager.LoggedIn, probed.Outcome, probed.Message)
	probed, err = h.Probe(t.Context(), "crm", &manager.ProbeOptions{Secret: store.NewSecret("not the secret of crm")})
	require.NoError(t, err)
	require.Equal(t, manager.WrongSecret, probed.Outcome, "the account that applies reads why")
}

func loopback(t *testing.T) []manager.Network {
	t.Helper()
	network, err := manager.ParseNetwork("127.0.0.1")
	require.NoError(t, err)
	return []manager.Network{network}
}

func TestHost_Install_stopsAtBlockingIssueUntilFixed(t *testing.T) {
	t.Parallel()
	h := startHost(t, &testservers.AsteriskOptions{Files: map[string]string{
		"manager.conf": "[general]\nenabled = no\nport = {{port}}\nbindaddr = 127.0.0.1\n",
	}})
	installed, err := h.Install(t.Context())
	require.NoError(t, err)
	require.Nil(t, installed.Report)
	require.Equal(t, manager.IssueDisabled, installed.Installation.Issues[0].Code)
	require.Equal(t, manager.IssueDisabled, h.BlockingIssue(installed.Installation, nil).Code)
	require.Nil(t, h.BlockingIssue(installed.Installation, []string{manager.IssueDisabled}))
	_, err = h.Install(t.Context(), "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid)
	require.Equal(t, "install denied", h.actions(t)[0])
	_, err = h.Version(t.Context())
	require.Error(t, err)

	installed, err = h.Install(t.Context(), manager.IssueDisabled)
	require.NoError(t, err)
	require.True(t, installed.Report.Verified)
}

func TestHost_InitialApply_repairsSecretFile(t *testing.T) {
	t.Parallel()
	h := newHost(t, asterisk.Options{ConfDir: newConfDir(t), Address: asterisk.None})
	installed, err := h.Install(t.Context())
	require.NoError(t, err)
	require.Nil(t, h.BlockingIssue(installed.Installation, nil))
	require.NotNil(t, installed.Report)
	written, err := os.ReadFile(h.opts.SecretFile)
	require.NoError(t, err)

	for name, damage := range map[string]func() error{
		"missing":           func() error { return os.Remove(h.opts.SecretFile) },
		"of another secret": func() error { return os.WriteFile(h.opts.SecretFile, []byte("another secret\n"), 0o600) },
		"readable by all":   func() error { return os.Chmod(h.opts.SecretFile, 0o644) },
	} {
		require.NoError(t, damage(), name)
		_, err = h.InitialApply(t.Context())
		require.NoError(t, err, name)
		repaired, err := os.ReadFile(h.opts.SecretFile)
		require.NoError(t, err, name)
		require.Equal(t, written, repaired, name)
		info, err := os.Stat(h.opts.SecretFile)
		require.NoError(t, err, name)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	require.NoError(t, os.Remove(h.opts.SecretFile))
	require.NoError(t, os.Mkdir(h.opts.SecretFile, 0o700))
	_, err = h.InitialApply(t.Context())
	require.Error(t, err, "a folder in its place")
	require.Equal(t, "install failed", h.actions(t)[0])
}

func TestHost_InitialApply_reportsFailingConsole(t *testing.T) {
	t.Parallel()
	h := newHost(t, asterisk.Options{ConfDir: newConfDir(t), Address: "127.0.0.1:1", Console: "false"})
	_, err := h.InstallFiles(t.Context())
	require.NoError(t, err)
	_, err = h.InitialApply(t.Context())
	require.ErrorAs(t, err, new(*asterisk.ConsoleError))
	require.ErrorContains(t, err, "the files are written, but Asterisk could not reload them: false -rx manager reload")
	require.Equal(t, "install failed", h.actions(t)[0])
	_, err = h.Dial(t.Context(), "")
	require.ErrorIs(t, err, ami.ErrUnreachable, "the account has its secret")
}

func TestHost_Address_defaultsToManagerConf(t *testing.T) {
	t.Parallel()
	dir := newConfDir(t)
	for given, want := range map[string]string{"": "127.0.0.1:5038", "192.0.2.1:5039": "192.0.2.1:5039", asterisk.None: asterisk.None} {
		address, err := asterisk.New(nil, nil, &asterisk.Options{ConfDir: dir, Address: given}).Address()
		require.NoError(t, err)
		require.Equal(t, want, address)
	}
	_, err := asterisk.New(nil, nil, &asterisk.Options{ConfDir: t.TempDir()}).Address()
	require.ErrorContains(t, err, "manager.conf")
}

func TestHost_ClientAddress_namesThisHost(t *testing.T) {
	t.Parallel()
	dir := newConfDir(t)
	for given, want := range map[string]string{
		"": "pbx.example.com:5038", "localhost:5040": "pbx.example.com:5040", "127.0.0.9:5041": "pbx.example.com:5041", "[::1]:5042": "pbx.example.com:5042",
		"192.0.2.1:5039": "192.0.2.1:5039", "ami.example.com:5043": "ami.example.com:5043", asterisk.None: "pbx.example.com:5038", "nonsense": "pbx.example.com:5038",
	} {
		host, port := asterisk.New(nil, nil, &asterisk.Options{ConfDir: dir, Address: given}).ClientAddress("pbx.example.com")
		require.Equal(t, want, host+":"+port, given)
	}
	host, port := asterisk.New(nil, nil, &asterisk.Options{ConfDir: t.TempDir()}).ClientAddress("")
	require.Equal(t, "127.0.0.1:5038", host+":"+port)
}

func TestHost_Dial_returnsNilWithoutAsterisk(t *testing.T) {
	t.Parallel()
	h := newHost(t, asterisk.Options{ConfDir: newConfDir(t), Address: asterisk.None})
	client, err := h.Dial(t.Context(), "")
	require.NoError(t, err)
	require.Nil(t, client)
	version, err := h.Version(t.Context())
	require.NoError(t, err)
	require.Empty(t, version)
	_, err = h.accounts.Create(t.Context(), &manager.Account{Name: "crm"})
	require.NoError(t, err)
	_, err = h.Probe(t.Context(), "crm", nil)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = h.Probe(t.Context(), "unknown", &manager.ProbeOptions{Address: "127.0.0.1:1"})
	require.ErrorIs(t, err, store.ErrNotFound)
	probed, err := h.Probe(t.Context(), "crm", &manager.ProbeOptions{Address: "127.0.0.1:1"})
	require.NoError(t, err)
	require.Equal(t, manager.Unreachable, probed.Outcome)
}
