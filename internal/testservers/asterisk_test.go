package testservers_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

func TestStartAsterisk_isolatesInstances(t *testing.T) {
	t.Parallel()
	one := testservers.StartAsterisk(t, nil)
	other := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{
		"manager.d/crm.conf": "[crm]\nsecret = for-tests-only\nread = none\nwrite = call\n",
	}})

	require.NotEqual(t, one.AMIAddr, other.AMIAddr)
	require.NotEqual(t, one.PID(), other.PID())
	require.Equal(t, []string{"admin"}, managerUsers(t, one))
	require.ElementsMatch(t, []string{"crm", "admin"}, managerUsers(t, other))
}

func TestStartAsterisk_createsAdminAccount(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, nil)
	banner, answer := logIn(t, a)
	require.Contains(t, banner, "Asterisk Call Manager/")
	require.Contains(t, answer, "Success")
	a.WaitForLog(t, `SecurityEvent="SuccessfulAuth"`)
}

func TestStartAsterisk_servesReplacedManagerConf(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{
		"manager.conf": "[general]\nenabled = yes\nport = {{port}}\nbindaddr = 127.0.0.1\n[own]\nsecret = for-tests-only\n",
	}})
	require.Empty(t, a.AMIUser)
	require.Equal(t, []string{"own"}, managerUsers(t, a))
	conn, err := net.Dial("tcp", a.AMIAddr)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestStartAsterisk_loadsExtraModules(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Modules: []string{"app_softhangup.so"}})
	shown := strings.Join(a.Console(t, "module show"), "\n")
	for _, module := range []string{"app_softhangup.so", "pbx_config.so", "cdr_manager.so", "res_security_log.so"} {
		require.Regexp(t, module+`\s.*\sRunning\s`, shown)
	}
}

func TestAsterisk_Restart_keepsFiles(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, nil)
	file := filepath.Join(a.ConfDir, "manager.d", "later.conf")
	require.NoError(t, os.WriteFile(file, []byte("[later]\nsecret = for-tests-only\n"), 0o600))

	for _, stop := range []func(){a.Stop, a.Kill} {
		before := a.PID()
		stop()
		require.True(t, hasExited(t, before))
		a.Restart(t)
		require.NotEqual(t, before, a.PID())
		require.ElementsMatch(t, []string{"admin", "later"}, managerUsers(t, a))
	}
}

func TestAsterisk_Command_reachesInstance(t *testing.T) {
	t.Parallel()
	a := testservers.StartAsterisk(t, nil)
	argv := append(a.Command(), "-rx", "manager show settings")
	out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).Output()
	require.NoError(t, err)
	require.Contains(t, string(out), a.AMIAddr)
}

// managerUsers returns the AMI accounts that Asterisk shows.
func managerUsers(t *testing.T, a *testservers.Asterisk) []string {
	t.Helper()
	var users []string
	listed := false
	for _, line := range a.Console(t, "manager show users") {
		switch {
		case strings.HasPrefix(line, "----"):
			listed = !listed
		case listed:
			users = append(users, strings.TrimSpace(line))
		}
	}
	return users
}

// logIn logs in as the administrator and returns the first lines of AMI and of
// its answer.
func logIn(t *testing.T, a *testservers.Asterisk) (banner, answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", a.AMIAddr)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\n\r\n", a.AMIUser, a.AMISecret)
	require.NoError(t, err)
	r := bufio.NewReader(conn)
	banner, err = r.ReadString('\n')
	require.NoError(t, err)
	answer, err = r.ReadString('\n')
	require.NoError(t, err)
	return banner, answer
}
