package asterisk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// startExecHost returns a host whose Asterisk has the account "Printed" from the program
// of an #exec line.
func startExecHost(t *testing.T) *env {
	t.Helper()
	script := filepath.Join(t.TempDir(), "accounts.sh")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nprintf '[Printed]\\nsecret = Known2Secret3Printed4\\n'\n"), 0o700))
	return startHost(t, &testservers.AsteriskOptions{NoAMIUser: true, ExecIncludes: true, Files: map[string]string{
		"manager.d/printed.conf": "; accounts of the CRM\n#exec " + script + "\n",
	}})
}

// planIssues returns the issues of a plan as "blocking file:line: message".
func (e *env) planIssues(t *testing.T) []string {
	t.Helper()
	dir, err := e.ConfigDir(nil, nil)
	require.NoError(t, err)
	plan, err := dir.Plan(t.Context())
	require.NoError(t, err)
	var issues []string
	for _, issue := range plan.Issues {
		require.Equal(t, manager.IssueExec, issue.Code)
		require.Contains(t, plan.String(), "! "+issue.String()+"\n")
		text := issue.String()
		if issue.Blocking {
			text = "blocking " + text
		}
		issues = append(issues, text)
	}
	return issues
}

const unlisted = "manager.d/printed.conf:2: no file has these AMI accounts of Asterisk, so this program may print them: printed; do not give their names to other accounts"

// The Asterisk console answers before the installation, and AMI afterwards.
func TestHost_Install_namesAccountsOfExec(t *testing.T) {
	t.Parallel()
	h := startExecHost(t)
	plan, err := h.PlanInstall(t.Context())
	require.NoError(t, err)
	require.Len(t, plan.Issues, 1)
	require.Equal(t, unlisted, plan.Issues[0].String())
	_, err = h.accounts.Create(t.Context(), &manager.Account{Name: "printed"})
	require.ErrorIs(t, err, store.ErrAlreadyExists)

	installed, err := h.Install(t.Context())
	require.NoError(t, err)
	require.True(t, installed.Report.Verified)
	require.Equal(t, unlisted, installed.Report.Issues[0].String(), "our own account is in a file")
	require.Contains(t, installed.Report.String(), "! "+unlisted+"\n")
	require.Equal(t, []string{unlisted}, h.planIssues(t))
	_, err = h.accounts.Create(t.Context(), &manager.Account{Name: "PRINTED"})
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	require.ErrorContains(t, err, "in the running Asterisk; a program may print it at manager.d/printed.conf:2")
	_, err = h.accounts.Create(t.Context(), &manager.Account{Name: "pbxusers"})
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	require.NotContains(t, err.Error(), "running Asterisk", "an account of the store")
	require.NoError(t, h.accounts.Delete(t.Context(), h.create(t, "crm").Name))
	h.create(t, "crm")
}

// create creates an account that may log in from this host.
func (e *env) create(t *testing.T, name string) *manager.Account {
	t.Helper()
	a, err := e.accounts.Create(t.Context(), &manager.Account{Name: name, Permit: loopback(t)})
	require.NoError(t, err)
	return a
}

// A record of this name can be older than the program.
func TestHost_Install_keepsAccountOfExecWithNameOfRecord(t *testing.T) {
	t.Parallel()
	h := startExecHost(t)
	db := memstore.New().AMIAccounts()
	accounts := manager.New(db, nil)
	_, err := accounts.Create(t.Context(), &manager.Account{Name: "printed", Permit: loopback(t)})
	require.NoError(t, err)
	h.Host = asterisk.New(accounts, db, &h.opts)

	_, err = h.Install(t.Context())
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "manager.d/printed.conf:2: Asterisk has an AMI account printed already, which no file has")
	require.Equal(t, []string{
		"blocking manager.d/printed.conf:2: Asterisk has an AMI account printed already, which no file has: a program of an #exec line may print it; " +
			"choose another name, or remove that account and run 'manager reload'",
	}, h.planIssues(t))
	lines, err := h.Command(t.Context(), "manager show user printed")
	require.NoError(t, err)
	require.Contains(t, lines, "          username: Printed", "the program's account is live")

	require.NoError(t, accounts.Delete(t.Context(), "printed"))
	installed, err := h.Install(t.Context())
	require.NoError(t, err)
	require.True(t, installed.Report.Verified)
}

func TestHost_PlanInstall_reportsExecWithoutAsterisk(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]asterisk.Options{
		"no Asterisk":            {Address: asterisk.None},
		"Asterisk does not run":  {Address: "127.0.0.1:1", Console: "false"},
		"its console is missing": {Address: "127.0.0.1:1", Console: "/nonexistent/asterisk"},
	} {
		opts.ConfDir = newConfDir(t)
		managerConf := filepath.Join(opts.ConfDir, "manager.conf")
		content, err := os.ReadFile(managerConf)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(managerConf, append(content, "#exec /bin/accounts\n"...), 0o600))
		h := newHost(t, opts)
		plan, err := h.PlanInstall(t.Context())
		require.NoError(t, err, name)
		require.Len(t, plan.Issues, 1, name)
		require.False(t, plan.Issues[0].Blocking, name)
		require.Contains(t, plan.Issues[0].String(), "manager.conf:4: this program may print AMI accounts", name)
		h.create(t, "crm")
		_, err = h.InstallFiles(t.Context())
		require.NoError(t, err)
		require.Len(t, h.planIssues(t), 1, name)
	}
}
