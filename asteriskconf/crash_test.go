package asteriskconf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// childEnvVar marks a child process, which reads its childConfig as JSON from
// standard input.
const childEnvVar = "PBXUSERS_TEST_APPLY"

func TestMain(m *testing.M) {
	if os.Getenv(childEnvVar) == "" {
		m.Run()
		return
	}
	if err := runChild(os.Stdin); err != nil {
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

// steppedAsterisk calls step before and after every request.
type steppedAsterisk struct {
	asteriskconf.Asterisk
	step func()
}

func (a steppedAsterisk) ReadConfig(ctx context.Context, filename string) ([]dialect.Section, error) {
	a.step()
	defer a.step()
	return a.Asterisk.ReadConfig(ctx, filename)
}

func (a steppedAsterisk) Reload(ctx context.Context, module string) error {
	a.step()
	defer a.step()
	return a.Asterisk.Reload(ctx, module)
}

func (a steppedAsterisk) Command(ctx context.Context, command string) ([]string, error) {
	a.step()
	defer a.step()
	return a.Asterisk.Command(ctx, command)
}

func runChild(stdin io.Reader) error {
	var o childConfig
	if err := json.NewDecoder(stdin).Decode(&o); err != nil {
		return err
	}
	ctx := context.Background()
	client, err := ami.Dial(ctx, o.Address, &ami.Options{Username: o.User, Secret: store.NewSecret(o.Secret)})
	if err != nil {
		return err
	}
	killer := &killSwitch{remaining: o.KillAt}
	return applySteps(ctx, o.Dir, o.Address, o.Accounts, client, killer.step)
}

// applySteps applies the accounts and calls step at every step.
func applySteps(ctx context.Context, dir, address string, accounts []string, asterisk asteriskconf.Asterisk, step func()) error {
	st := memstore.New().AMIAccounts()
	for _, name := range accounts {
		if err := st.CreateAccount(ctx, accountNamed(name)); err != nil {
			return err
		}
	}
	configDir, err := openConfigDir(dir, address, st, steppedAsterisk{asterisk, step})
	if err != nil {
		return err
	}
	asteriskconf.SetDiskHook(configDir, func(call, _ string) error {
		if !slices.Contains([]string{"lstat", "stat", "read"}, call) { // they change nothing
			step()
		}
		return nil
	})
	_, err = configDir.Apply(ctx)
	return err
}

// crashEnv is a liveEnv with a child process that applies the new generation.
// The old generation has alpha and beta, and the new one alpha and gamma.
type crashEnv struct {
	*liveEnv
	// child is the next child. It starts early, because that takes longer than
	// an apply.
	child *child
}

func newCrashEnv(t *testing.T) *crashEnv {
	t.Helper()
	s := &crashEnv{liveEnv: newLiveEnv(t, nil), child: startChild(t)}
	s.add(t, "alpha", "beta")
	s.apply(t)
	return s
}

func newGeneration() []string { return []string{"alpha", "gamma"} }

// child is a process that waits for its childConfig.
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	output bytes.Buffer
}

func startChild(t *testing.T) *child {
	t.Helper()
	c := &child{cmd: exec.CommandContext(testContext(t), os.Args[0])}
	c.cmd.Env = append(os.Environ(), childEnvVar+"=1")
	c.cmd.Stdout, c.cmd.Stderr = &c.output, &c.output
	var err error
	c.stdin, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	return c
}

func TestConfigDir_Recover_crashAtAnyStepLeavesOneGeneration(t *testing.T) {
	t.Parallel()
	s := newCrashEnv(t)
	oldFile := s.read(t, managedFile)
	outcomes := map[string]int{}
	for killAt := 1; ; killAt++ {
		if !s.killApplyAt(t, killAt) {
			break
		}
		recovery, err := s.configDir.Recover(testContext(t))
		require.NoError(t, err, "killed at step %d", killAt)
		users := s.accounts(t)
		outcomes[strings.Join(users, " ")]++
		s.requireOneGeneration(t, users, oldFile, killAt)
		if recovery.Interrupted {
			require.True(t, recovery.Verified)
		}
		s.apply(t)
		require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
	}
	require.Equal(t, newGeneration(), s.accounts(t), "the child that survived has applied")
	require.Greater(t, outcomes["alpha beta"], 20, "%v", outcomes)
	require.Greater(t, outcomes["alpha gamma"], 10, "%v", outcomes)
	require.Len(t, outcomes, 2)
}

// killApplyAt runs a child that applies the new generation. It reports whether
// the child was killed.
func (s *crashEnv) killApplyAt(t *testing.T, step int) bool {
	t.Helper()
	c := s.child
	s.child = startChild(t)
	require.NoError(t, json.NewEncoder(c.stdin).Encode(childConfig{
		Dir: s.ConfDir, Address: s.AMIAddr, User: s.AMIUser, Secret: s.AMISecret,
		Accounts: newGeneration(), KillAt: step,
	}))
	if err := c.cmd.Wait(); err == nil {
		return false
	}
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "the child failed at step %d: %s", step, &c.output)
	return true
}

// requireOneGeneration requires that disk and Asterisk agree on one generation.
func (s *crashEnv) requireOneGeneration(t *testing.T, users []string, oldFile string, killAt int) {
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
	s := newCrashEnv(t)
	for _, phase := range []string{"prepared", "renamed"} {
		applyKilledAt := s.stepInPhase(t, phase)
		for killAt := 1; ; killAt += 5 {
			require.True(t, s.killApplyAt(t, applyKilledAt))
			require.Equal(t, phase, s.journalPhase())
			if !s.killApplyAt(t, killAt) {
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

// stepInPhase returns the first step of an apply at which the journal is in
// phase.
func (s *crashEnv) stepInPhase(t *testing.T, phase string) int {
	t.Helper()
	step, found := 0, 0
	require.NoError(t, applySteps(testContext(t), s.ConfDir, s.AMIAddr, newGeneration(), s.client, func() {
		if step++; found == 0 && s.journalPhase() == phase {
			found = step
		}
	}))
	s.apply(t)
	require.Positive(t, found, "no step leaves the journal in phase %s", phase)
	return found
}

// journalPhase returns the phase in the journal, or "" without a journal.
func (s *crashEnv) journalPhase() string {
	var journal struct {
		Phase string `json:"phase"`
	}
	encoded, err := os.ReadFile(filepath.Join(s.ConfDir, ".pbxusers", "journal.json"))
	if err != nil || json.Unmarshal(encoded, &journal) != nil {
		return ""
	}
	return journal.Phase
}
