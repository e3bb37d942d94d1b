package app

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// InitialApply creates the AMI account that applies, if it is missing, and applies
// over AMI. If Asterisk does not know the account yet, the asterisk command loads
// it. The files must be installed, see [Settings.InstallFiles].
func (s *App) InitialApply(ctx context.Context) (*asteriskconf.Report, error) {
	client, err := s.connectForInitialApply(ctx)
	if err != nil {
		s.AuditLog.RecordFailure(ctx, s.ConfigAuditEvent(actionInstall), err)
		return nil, err
	}
	if client != nil {
		defer func() { _ = client.Close() }()
	}
	live, err := s.ConfigDir(client, nil)
	if err != nil {
		return nil, err
	}
	return live.Apply(ctx)
}

// connectForInitialApply logs in with an account that it creates if necessary.
func (s *App) connectForInitialApply(ctx context.Context) (*ami.Client, error) {
	created, err := s.ensureApplyAccount(ctx)
	if err != nil {
		return nil, err
	}
	return s.dialOrBootstrap(ctx, created)
}

// dialOrBootstrap logs in to Asterisk, which may not know the account or its
// current secret yet.
func (s *App) dialOrBootstrap(ctx context.Context, created bool) (*ami.Client, error) {
	if !created || s.Settings.AMI == NoAsterisk {
		client, err := s.Dial(ctx, "")
		if !errors.Is(err, ami.ErrAuthentication) && !errors.Is(err, ami.ErrUnreachable) {
			return client, err
		}
	}
	return s.bootstrap(ctx)
}

// bootstrap loads the files without AMI: it writes them, reloads the manager
// through the asterisk command, and logs in.
func (s *App) bootstrap(ctx context.Context) (*ami.Client, error) {
	offline, err := s.ConfigDir(nil, nil)
	if err != nil {
		return nil, err
	}
	if _, err := offline.Apply(ctx); err != nil {
		return nil, err
	}
	if err := s.Settings.runConsoleCommand(ctx, "manager reload"); err != nil {
		return nil, WithHint(
			fmt.Errorf("the files are written, but Asterisk could not reload them: %w", err),
			"Run 'pbxctl config install' again on the Asterisk host while Asterisk runs; --asterisk sets the command.",
		)
	}
	return s.dialWithRetry(ctx, bootTimeout)
}

// Timeouts for a console command, and for AMI to listen after a reload.
const (
	consoleTimeout = time.Minute
	bootTimeout    = 10 * time.Second
	bootInterval   = 100 * time.Millisecond
)

// dialWithRetry dials until AMI listens.
func (s *App) dialWithRetry(ctx context.Context, limit time.Duration) (*ami.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(bootInterval)
	defer tick.Stop()
	for {
		client, err := s.Dial(ctx, "")
		if err == nil || !errors.Is(err, ami.ErrUnreachable) {
			return client, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// runConsoleCommand runs an Asterisk console command.
func (s *Settings) runConsoleCommand(ctx context.Context, command string) error {
	ctx, cancel := context.WithTimeout(ctx, consoleTimeout)
	defer cancel()
	argv := append(strings.Fields(s.Asterisk), "-rx", command)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the administrator chooses the program
	// A child process of the program may keep the output open.
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
