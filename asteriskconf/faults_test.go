package asteriskconf_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// errFault is the error of a system call or of a request to Asterisk that fails.
var errFault = errors.New("input/output error")

// faults makes all steps fail but the first ones.
type faults struct{ left int }

func (f *faults) step() error {
	if f.left--; f.left < 0 {
		return errFault
	}
	return nil
}

// faultyAsterisk is an Asterisk whose requests are steps.
type faultyAsterisk struct {
	*fakeAsterisk
	faults *faults
}

func (a faultyAsterisk) Version(ctx context.Context) (asteriskconf.Version, error) {
	if err := a.faults.step(); err != nil {
		return asteriskconf.Version{}, err
	}
	return a.fakeAsterisk.Version(ctx)
}

func (a faultyAsterisk) ReadConfig(ctx context.Context, filename string) ([]dialect.Section, error) {
	if err := a.faults.step(); err != nil {
		return nil, err
	}
	return a.fakeAsterisk.ReadConfig(ctx, filename)
}

func (a faultyAsterisk) Reload(ctx context.Context, module string) error {
	if err := a.faults.step(); err != nil {
		return err
	}
	return a.fakeAsterisk.Reload(ctx, module)
}

func (a faultyAsterisk) Command(ctx context.Context, command string) ([]string, error) {
	if err := a.faults.step(); err != nil {
		return nil, err
	}
	return a.fakeAsterisk.Command(ctx, command)
}

// openFaulty opens the folder with steps that fail.
func (s *fakeEnv) openFaulty(t testing.TB, f *faults) *asteriskconf.ConfigDir {
	t.Helper()
	configDir := s.open(t, faultyAsterisk{s.fakeAsterisk, f})
	asteriskconf.SetDiskHook(configDir, func(call, _ string) error {
		if call == "stat" || call == "lstat" { // an error means that there is no file
			return nil
		}
		return f.step()
	})
	return configDir
}

// sweepFaults runs act again and again: all steps fail from its first one on, then from
// its second one, until act uses no further step. prepare returns the folder of the next
// act, and check gets the error of each act with a fault.
func sweepFaults(t *testing.T, prepare func() *fakeEnv, act func(ctx context.Context, configDir *asteriskconf.ConfigDir) error, check func(s *fakeEnv, err error)) {
	t.Helper()
	for step := 0; ; step++ {
		s, f := prepare(), &faults{left: step}
		err := act(testContext(t), s.openFaulty(t, f))
		if f.left >= 0 {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, errFault, "step %d", step)
		check(s, err)
	}
}

// pendingEnv has alpha applied and beta pending.
func pendingEnv(t *testing.T) *fakeEnv {
	t.Helper()
	s := newFakeEnv(t, "alpha")
	s.add(t, "beta")
	return s
}

// After a fault, Asterisk has the old or the new accounts, whole, and the next apply
// without a fault makes the new ones live.
func TestConfigDir_Apply_faultLeavesOneGeneration(t *testing.T) {
	t.Parallel()
	s := pendingEnv(t)
	sweepFaults(t, func() *fakeEnv { return s }, func(ctx context.Context, configDir *asteriskconf.ConfigDir) error {
		_, err := configDir.Apply(ctx)
		return err
	}, func(s *fakeEnv, _ error) {
		_, err := s.configDir.Recover(testContext(t))
		require.NoError(t, err)
		require.Contains(t, [][]string{{"alpha"}, {"alpha", "beta"}}, s.accounts())
		if len(s.accounts()) == 2 {
			_, err = s.configDir.Rollback(testContext(t))
			require.NoError(t, err)
		}
	})
	require.Equal(t, []string{"alpha", "beta"}, s.accounts())
}

func TestConfigDir_Recover_faultCanBeRepeated(t *testing.T) {
	t.Parallel()
	s := pendingEnv(t)
	interrupted := &faults{left: 1 << 30}
	s.beforeReload = func() { interrupted.left = 0 }
	_, err := s.openFaulty(t, interrupted).Apply(testContext(t))
	require.ErrorIs(t, err, errFault, "the disk and Asterisk fail from the reload on")
	s.beforeReload = nil
	sweepFaults(t, func() *fakeEnv { return s }, func(ctx context.Context, configDir *asteriskconf.ConfigDir) error {
		_, err := configDir.Recover(ctx)
		return err
	}, func(*fakeEnv, error) {})
	require.Contains(t, [][]string{{"alpha"}, {"alpha", "beta"}}, s.accounts())
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts())
}

func TestConfigDir_Plan_returnsFault(t *testing.T) {
	t.Parallel()
	s := pendingEnv(t)
	sweepFaults(t, func() *fakeEnv { return s }, func(ctx context.Context, configDir *asteriskconf.ConfigDir) error {
		_, err := configDir.Plan(ctx)
		return err
	}, func(*fakeEnv, error) {})
}
