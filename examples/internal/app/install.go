package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// InstallResult is the result of [App.Install].
type InstallResult struct {
	Installation *asteriskconf.Installation
	// Report is the report of the first apply, nil if an issue blocked it.
	Report *asteriskconf.Report
}

// Install includes the pbxusers files in the configuration of Asterisk, fixes the
// issues with the given codes, and runs [App.InitialApply].
func (s *App) Install(ctx context.Context, fix ...string) (*InstallResult, error) {
	plan, err := s.Settings.InstallFiles(ctx, fix...)
	if err := errors.Join(err, s.RecordInstall(ctx, plan, err, fix...)); err != nil {
		return nil, err
	}
	installed := &InstallResult{Installation: plan}
	if s.Settings.BlockingIssue(plan, fix) != nil {
		return installed, nil
	}
	installed.Report, err = s.InitialApply(ctx)
	return installed, err
}

// RecordInstall records the result of [Settings.InstallFiles] in the audit log: its
// changes, if any, or its failure.
func (s *App) RecordInstall(ctx context.Context, plan *asteriskconf.Installation, failed error, fixed ...string) error {
	if failed != nil {
		s.AuditLog.RecordFailure(ctx, s.ConfigAuditEvent(actionInstall), failed)
		return nil
	}
	if plan.Empty() && len(fixed) == 0 {
		return nil
	}
	event := s.ConfigAuditEvent(actionInstall)
	event.After = struct {
		Files []asteriskconf.InstalledFile `json:"files"`
		Fixed []string                     `json:"fixed,omitempty"`
	}{plan.Files, fixed}
	return s.AuditLog.Record(ctx, event)
}

// actionInstall is the action of an installation in the audit log.
const actionInstall = "install"

// ConfigAuditEvent describes an action on the configuration folder, such as
// "apply", for the audit log.
func (s *App) ConfigAuditEvent(action string) audit.Event {
	return audit.Event{Action: action, Kind: "configuration", Key: filepath.Base(s.Settings.ConfDir)}
}

// PlanInstall returns the changes that [Settings.InstallFiles] would make.
func (s *Settings) PlanInstall(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := s.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.PlanInstall(ctx, fix...)
}

// InstallFiles includes the pbxusers files in the configuration of Asterisk, for the
// next reload, and fixes the issues with the given codes. It needs no database.
func (s *Settings) InstallFiles(ctx context.Context, fix ...string) (*asteriskconf.Installation, error) {
	folder, err := s.openForInstall()
	if err != nil {
		return nil, err
	}
	return folder.Install(ctx, fix...)
}

// openForInstall opens the configuration folder without records: an installation
// does not read them.
func (s *Settings) openForInstall() (*asteriskconf.ConfigDir, error) {
	return s.openConfigDir(manager.NewConfSource(nil, nil), &asteriskconf.Options{TakeOver: s.TakeOver})
}

// BlockingIssue returns the first issue that is not fixed and makes a reload close
// AMI, which would lock this program out. It returns nil if there is none.
func (s *Settings) BlockingIssue(plan *asteriskconf.Installation, fixed []string) *asteriskconf.Issue {
	if s.AMI == NoAsterisk {
		return nil
	}
	for _, o := range plan.Issues {
		if o.Blocking && !slices.Contains(fixed, o.Code) {
			return &o
		}
	}
	return nil
}

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
// Asterisk may not know the account or its current secret yet.
func (s *App) connectForInitialApply(ctx context.Context) (*ami.Client, error) {
	created, err := s.ensureApplyAccount(ctx)
	if err != nil {
		return nil, err
	}
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
	for {
		client, err := s.Dial(ctx, "")
		if err == nil || !errors.Is(err, ami.ErrUnreachable) {
			return client, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(bootInterval):
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

// ensureApplyAccount creates the AMI account that applies, if it is missing, and
// reports whether it did. It repairs the secret file from the stored secret: a new
// secret would lock out other hosts that apply with this account. A manual account of
// that name is used as it is, if its secret is in the secret file.
func (s *App) ensureApplyAccount(ctx context.Context) (created bool, err error) {
	u, err := s.DB.AMIAccounts().Account(ctx, s.Settings.AMIUser)
	if errors.Is(err, store.ErrNotFound) {
		if _, unknown := s.Settings.readAMISecret(); unknown == nil {
			if usable, err := manager.CanManualAccountApply(s.Settings.ConfDir, s.Settings.AMIUser); usable || err != nil {
				return false, err
			}
		}
		u, err = s.createApplyAccount(ctx)
		created = true
	}
	if err != nil {
		return false, err
	}
	return created, s.Settings.saveAMISecret(u.Secret)
}

func (s *App) createApplyAccount(ctx context.Context) (*manager.Account, error) {
	address, err := s.Settings.Address()
	if err != nil {
		return nil, err
	}
	permit, err := localAddresses(address)
	if err != nil {
		return nil, err
	}
	preset, _ := manager.LookupPreset("apply")
	u := &manager.Account{
		Name:   s.Settings.AMIUser,
		Permit: permit,
		Owner:  "pbxusers",
		Note:   "pbxusers applies the configuration with this account.",
	}
	preset.ApplyTo(u)
	return s.AMIAccounts.Create(ctx, u)
}

// localAddresses are the source addresses of a program on the Asterisk host: the
// loopback and the listen address of AMI, which is also the source address of
// connections to it.
func localAddresses(listenAddr string) ([]manager.Network, error) {
	addrs := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if at, err := netip.ParseAddrPort(listenAddr); err == nil && !at.Addr().IsLoopback() && !at.Addr().IsUnspecified() {
		addrs = append(addrs, at.Addr().Unmap())
	}
	networks := make([]manager.Network, len(addrs))
	for i, addr := range addrs {
		n, err := manager.NetworkFromPrefix(netip.PrefixFrom(addr, addr.BitLen()))
		if err != nil {
			return nil, err
		}
		networks[i] = n
	}
	return networks, nil
}
