package asterisk

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// ConsoleError means that the files are written, but the Asterisk console could not
// reload them. [Host.InitialApply] can run again once Asterisk runs.
type ConsoleError struct{ Err error }

func (e *ConsoleError) Error() string {
	return "the files are written, but Asterisk could not reload them: " + e.Err.Error()
}

func (e *ConsoleError) Unwrap() error { return e.Err }

// InitialApply creates the AMI account that applies, if it is missing, with its secret
// in the secret file, and applies over AMI. If Asterisk does not know the account yet,
// the console command loads it. A manual account of that name is used as it is, if its
// secret is in the secret file. The files must be installed, see [Host.InstallFiles].
// InitialApply returns a [ConsoleError] if the command fails.
func (h *Host) InitialApply(ctx context.Context) (*asteriskconf.Report, error) {
	client, err := h.connectForInitialApply(ctx)
	if err != nil {
		h.opts.Audit.RecordFailure(ctx, h.AuditEvent(actionInstall), err)
		return nil, err
	}
	if client != nil {
		defer func() { _ = client.Close() }()
	}
	live, err := h.ConfigDir(client, nil)
	if err != nil {
		return nil, err
	}
	return live.Apply(ctx)
}

// connectForInitialApply logs in with an account that it creates if necessary. Asterisk
// may not know the account or its current secret yet.
func (h *Host) connectForInitialApply(ctx context.Context) (*ami.Client, error) {
	created, err := h.ensureAccount(ctx)
	if err != nil {
		return nil, err
	}
	if !created || h.opts.Address == None {
		client, err := h.Dial(ctx, "")
		if !errors.Is(err, ami.ErrAuthentication) && !errors.Is(err, ami.ErrUnreachable) {
			return client, err
		}
	}
	return h.bootstrap(ctx)
}

// bootstrap loads the files without AMI: it writes them, reloads the manager through the
// console, and logs in. It stops at a blocking issue, as an apply over AMI does.
func (h *Host) bootstrap(ctx context.Context) (*ami.Client, error) {
	offline, err := h.ConfigDir(nil, nil)
	if err != nil {
		return nil, err
	}
	plan, err := offline.Plan(ctx)
	if err != nil {
		return nil, err
	}
	if err := asteriskconf.FirstBlocking(plan.Issues); err != nil {
		return nil, err
	}
	if _, err := offline.Apply(ctx); err != nil {
		return nil, err
	}
	if _, err := h.runConsoleCommand(ctx, "manager reload"); err != nil {
		return nil, &ConsoleError{err}
	}
	return h.dialWithRetry(ctx, bootTimeout)
}

// Timeouts for a console command, and for AMI to listen after a reload.
const (
	consoleTimeout = time.Minute
	bootTimeout    = 10 * time.Second
	bootInterval   = 100 * time.Millisecond
)

// dialWithRetry dials until AMI listens.
func (h *Host) dialWithRetry(ctx context.Context, limit time.Duration) (*ami.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		client, err := h.Dial(ctx, "")
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

// runConsoleCommand runs an Asterisk console command and returns its output.
func (h *Host) runConsoleCommand(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, consoleTimeout)
	defer cancel()
	argv := append(strings.Fields(h.opts.Console), "-rx", command)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the administrator chooses the program
	// A child process of the program may keep the output open.
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(string(output)))
	}
	return string(output), nil
}

// ensureAccount creates the AMI account that applies, if it is missing, and reports
// whether it did. It repairs the secret file from the stored secret: a new secret would
// lock out other hosts that apply with this account.
func (h *Host) ensureAccount(ctx context.Context) (created bool, err error) {
	account, err := h.store.Account(ctx, h.opts.Account)
	if errors.Is(err, store.ErrNotFound) {
		if _, unknown := h.readSecret(); unknown == nil {
			if usable, err := manager.CanManualAccountApply(h.opts.ConfDir, h.opts.Account); usable || err != nil {
				return false, err
			}
		}
		account, err = h.createAccount(ctx)
		created = true
	}
	if err != nil {
		return false, err
	}
	return created, h.saveSecret(account.Secret)
}

func (h *Host) createAccount(ctx context.Context) (*manager.Account, error) {
	address, err := h.Address()
	if err != nil {
		return nil, err
	}
	permit, err := localAddresses(address)
	if err != nil {
		return nil, err
	}
	preset, _ := manager.LookupPreset("apply")
	account := &manager.Account{
		Name:   h.opts.Account,
		Permit: permit,
		Owner:  "pbxusers",
		Note:   "pbxusers applies the configuration with this account.",
	}
	preset.ApplyTo(account)
	return h.accounts.Create(ctx, account)
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
		network, err := manager.NetworkFromPrefix(netip.PrefixFrom(addr, addr.BitLen()))
		if err != nil {
			return nil, err
		}
		networks[i] = network
	}
	return networks, nil
}
