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

// InitialApply sees to it that there is an account to apply with, has Asterisk
// know it, through the asterisk command where it does not yet, and applies
// over AMI. The files have to be installed, see [Settings.InstallFiles].
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

// connectForInitialApply logs in to Asterisk with an account that it may have to make.
func (s *App) connectForInitialApply(ctx context.Context) (*ami.Client, error) {
	created, err := s.ensureApplyAccount(ctx)
	if err != nil {
		return nil, err
	}
	return s.dialOrBootstrap(ctx, created)
}

// dialOrBootstrap logs in to Asterisk, which may not know the account yet, or may have
// an earlier secret of it.
func (s *App) dialOrBootstrap(ctx context.Context, created bool) (*ami.Client, error) {
	if !created || s.Settings.AMI == NoAsterisk {
		client, err := s.Dial(ctx, "")
		if !errors.Is(err, ami.ErrAuthentication) && !errors.Is(err, ami.ErrUnreachable) {
			return client, err
		}
	}
	return s.bootstrap(ctx)
}

// bootstrap brings the files to Asterisk without AMI: they are put in place,
// the asterisk command reloads the manager, and then AMI must let us in.
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
			fmt.Errorf("the files are in place, and Asterisk could not be told to read them: %w", err),
			"Run 'pbxctl config install' again on the host of Asterisk while it runs; --asterisk says how its command is called.",
		)
	}
	return s.dialWithRetry(ctx, bootTimeout)
}

// Bounds of what Asterisk may take for a command of its console, and to listen
// after a reload.
const (
	consoleTimeout = time.Minute
	bootTimeout    = 10 * time.Second
	bootInterval   = 100 * time.Millisecond
)

// dialWithRetry dials again while nothing listens yet.
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

// runConsoleCommand runs a command of the Asterisk console through the asterisk command.
func (s *Settings) runConsoleCommand(ctx context.Context, command string) error {
	ctx, cancel := context.WithTimeout(ctx, consoleTimeout)
	defer cancel()
	argv := append(strings.Fields(s.Asterisk), "-rx", command)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the administrator names the program
	// A program that it started in turn may hold on to the output.
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
