package asteriskconf_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// childEnvVar holds the childConfig of a child process as JSON.
const childEnvVar = "PBXUSERS_TEST_APPLY"

func TestMain(m *testing.M) {
	encoded := os.Getenv(childEnvVar)
	if encoded == "" {
		m.Run()
		return
	}
	if err := runChild(encoded); err != nil {
		panic(err)
	}
	os.Exit(0) //nolint:forbidigo // the child is not to run the tests
}

// childConfig is the task of a child process: apply the accounts, and be killed
// at the given step, counted from 1.
type childConfig struct {
	Dir      string   `json:"dir"`
	Address  string   `json:"address"`
	User     string   `json:"user"`
	Secret   string   `json:"secret"`
	Accounts []string `json:"accounts"`
	KillAt   int      `json:"kill_at"`
}

// killSwitch kills the process, as kill -9 does, at the given step. A step
// comes before every system call that changes something on disk, and before and
// after every request to Asterisk.
type killSwitch struct{ remaining int }

func (f *killSwitch) step() {
	if f.remaining--; f.remaining == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// killSwitchAsterisk counts a step before and after every request.
type killSwitchAsterisk struct {
	asteriskconf.Asterisk
	killSwitch *killSwitch
}

func (f killSwitchAsterisk) ReadConfig(ctx context.Context, filename string) ([]dialect.Section, error) {
	f.killSwitch.step()
	defer f.killSwitch.step()
	return f.Asterisk.ReadConfig(ctx, filename)
}

func (f killSwitchAsterisk) Reload(ctx context.Context, module string) error {
	f.killSwitch.step()
	defer f.killSwitch.step()
	return f.Asterisk.Reload(ctx, module)
}

func (f killSwitchAsterisk) Command(ctx context.Context, command string) ([]string, error) {
	f.killSwitch.step()
	defer f.killSwitch.step()
	return f.Asterisk.Command(ctx, command)
}

func runChild(encoded string) error {
	var o childConfig
	if err := json.Unmarshal([]byte(encoded), &o); err != nil {
		return err
	}
	ctx := context.Background()
	client, err := ami.Dial(ctx, o.Address, &ami.Options{Username: o.User, Secret: store.NewSecret(o.Secret)})
	if err != nil {
		return err
	}
	st := memstore.New().AMIAccounts()
	for _, name := range o.Accounts {
		if err := st.CreateAccount(ctx, accountNamed(name)); err != nil {
			return err
		}
	}
	killer := &killSwitch{remaining: o.KillAt}
	configDir, err := openConfigDir(o.Dir, o.Address, st, killSwitchAsterisk{client, killer})
	if err != nil {
		return err
	}
	asteriskconf.SetDiskHook(configDir, func(string, string) { killer.step() })
	_, err = configDir.Apply(ctx)
	return err
}

// The old generation has alpha and beta, the new one alpha and gamma.
func TestConfigDir_Recover_crashAtAnyStepLeavesOneGeneration(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha", "beta")
	s.apply(t)
	oldFile := s.read(t, managedFile)
	outcomes := map[string]int{}
	for killAt := 1; ; killAt++ {
		if !killApplyAt(t, s, killAt) {
			break
		}
		recovery, err := s.configDir.Recover(testContext(t))
		require.NoError(t, err, "killed at step %d", killAt)
		users := s.accounts(t)
		outcomes[strings.Join(users, " ")]++
		requireOneGeneration(t, s, users, oldFile, killAt)
		if recovery.Interrupted {
			require.True(t, recovery.Verified)
		}
		s.apply(t)
		require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
	}
	require.Equal(t, []string{"alpha", "gamma"}, s.accounts(t), "the child that survived has applied")
	require.Greater(t, outcomes["alpha beta"], 20, "%v", outcomes)
	require.Greater(t, outcomes["alpha gamma"], 10, "%v", outcomes)
	require.Len(t, outcomes, 2)
}

// killApplyAt runs a child that applies the new generation. It reports whether
// the child was killed.
func killApplyAt(t *testing.T, s *liveEnv, step int) bool {
	t.Helper()
	encoded, err := json.Marshal(childConfig{
		Dir: s.ConfDir, Address: s.AMIAddr, User: s.AMIUser, Secret: s.AMISecret,
		Accounts: []string{"alpha", "gamma"}, KillAt: step,
	})
	require.NoError(t, err)
	child := exec.CommandContext(testContext(t), os.Args[0])
	child.Env = append(os.Environ(), childEnvVar+"="+string(encoded))
	output, err := child.CombinedOutput()
	if err == nil {
		return false
	}
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "the child failed at step %d: %s", step, output)
	return true
}

// requireOneGeneration requires that disk and Asterisk agree on one generation.
func requireOneGeneration(t *testing.T, s *liveEnv, users []string, oldFile string, killAt int) {
	t.Helper()
	file := s.read(t, managedFile)
	var onDisk []string
	for line := range strings.SplitSeq(file, "\n") {
		if name, ok := strings.CutPrefix(line, "["); ok {
			onDisk = append(onDisk, strings.TrimSuffix(name, "]"))
		}
	}
	require.Equal(t, users, onDisk, "killed at step %d: Asterisk serves what is on disk", killAt)
	if users[1] == "beta" {
		require.Equal(t, oldFile, file)
	}
	require.NoError(t, s.login(t, users[1]), "killed at step %d", killAt)
	require.Empty(t, s.candidates(t), "killed at step %d", killAt)
	status, err := s.configDir.Status(testContext(t))
	require.NoError(t, err)
	require.False(t, status.Interrupted, "killed at step %d", killAt)
	require.Equal(t, users[1] != "beta", status.Pending, "killed at step %d: the records are of the old generation", killAt)
}

// A recovery can be killed as well: here at every fifth step of a recovery and
// the following apply. The test above covers the steps in between.
func TestConfigDir_Recover_resumesCrashedRecovery(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha", "beta")
	s.apply(t)
	for _, phase := range []string{"prepared", "renamed"} {
		applyKilledAt := stepInPhase(t, s, phase)
		for killAt := 1; ; killAt += 5 {
			require.True(t, killApplyAt(t, s, applyKilledAt))
			if !killApplyAt(t, s, killAt) {
				require.Greater(t, killAt, 20)
				break
			}
			_, err := s.configDir.Recover(testContext(t))
			require.NoError(t, err)
			require.Contains(t, []string{"alpha beta", "alpha gamma"}, strings.Join(s.accounts(t), " "))
			s.apply(t)
			require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
		}
		s.apply(t)
	}
}

// stepInPhase returns a step at which a killed apply leaves the journal in
// phase.
func stepInPhase(t *testing.T, s *liveEnv, phase string) int {
	t.Helper()
	for step := 1; killApplyAt(t, s, step); step++ {
		journal, err := os.ReadFile(filepath.Join(s.ConfDir, ".pbxusers", "journal.json"))
		s.apply(t)
		if err == nil && strings.Contains(string(journal), phase) {
			return step
		}
	}
	require.FailNow(t, "no step leaves the journal in this phase", phase)
	return 0
}
