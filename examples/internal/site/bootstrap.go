package site

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

// FirstApply sees to it that there is an account to apply with, has Asterisk
// know it, through the asterisk command where it does not yet, and applies
// over AMI. The files have to be installed, see [Settings.InstallFiles].
func (s *Site) FirstApply(ctx context.Context) (*asteriskconf.Report, error) {
	client, err := s.firstEntry(ctx)
	if err != nil {
		s.Trail.RecordFailure(ctx, s.ConfigurationAct(actInstall), err)
		return nil, err
	}
	if client != nil {
		defer func() { _ = client.Close() }()
	}
	live, err := s.Folder(client, nil)
	if err != nil {
		return nil, err
	}
	return live.Apply(ctx)
}

// firstEntry logs in to Asterisk with an account that it may have to make.
func (s *Site) firstEntry(ctx context.Context) (*ami.Client, error) {
	made, err := s.ensureApplyAccount(ctx)
	if err != nil {
		return nil, err
	}
	return s.enter(ctx, made)
}

// enter logs in to Asterisk, which may not know the account yet, or may have
// an earlier secret of it.
func (s *Site) enter(ctx context.Context, made bool) (*ami.Client, error) {
	if !made || s.Settings.AMI == NoAsterisk {
		client, err := s.Dial(ctx, "")
		if !errors.Is(err, ami.ErrAuthentication) && !errors.Is(err, ami.ErrUnreachable) {
			return client, err
		}
	}
	return s.bootstrap(ctx)
}

// bootstrap brings the files to Asterisk without AMI: they are put in place,
// the asterisk command reloads the manager, and then AMI must let us in.
func (s *Site) bootstrap(ctx context.Context) (*ami.Client, error) {
	offline, err := s.Folder(nil, nil)
	if err != nil {
		return nil, err
	}
	if _, err := offline.Apply(ctx); err != nil {
		return nil, err
	}
	if err := s.Settings.console(ctx, "manager reload"); err != nil {
		return nil, Hint(
			fmt.Errorf("the files are in place, and Asterisk could not be told to read them: %w", err),
			"Run 'pbxctl config install' again on the host of Asterisk while it runs; --asterisk says how its command is called.",
		)
	}
	return s.dialUntil(ctx, bootTimeout)
}

// Bounds of what Asterisk may take for a command of its console, and to listen
// after a reload.
const (
	consoleTimeout = time.Minute
	bootTimeout    = 10 * time.Second
	bootInterval   = 100 * time.Millisecond
)

// dialUntil dials again while nothing listens yet.
func (s *Site) dialUntil(ctx context.Context, limit time.Duration) (*ami.Client, error) {
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

// console runs a command of the Asterisk console through the asterisk command.
func (s *Settings) console(ctx context.Context, command string) error {
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
