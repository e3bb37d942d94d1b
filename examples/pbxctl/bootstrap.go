package main

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

// firstApply sees to it that there is an account to apply with, has Asterisk
// know it, through the asterisk command where it does not yet, and applies
// over AMI.
func (a *app) firstApply(ctx context.Context) (*asteriskconf.Report, error) {
	st, err := a.makeStore(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.ensureApplyAccount(ctx, st)
	if err != nil {
		return nil, err
	}
	client, err := a.enter(ctx, st, made)
	if err != nil {
		return nil, err
	}
	live, err := a.openFolder(st, client)
	if err != nil {
		return nil, err
	}
	return live.Apply(ctx)
}

// ensureApplyAccount makes the account to apply with where there is none, and
// reports whether it did. The file of its secret is written again when it is
// lost or holds another one: with the secret that is stored, since a new one
// would lock out all who apply with this account from elsewhere.
func (a *app) ensureApplyAccount(ctx context.Context, st manager.Store) (made bool, err error) {
	u, err := st.User(ctx, a.settings.amiUser)
	if errors.Is(err, store.ErrNotFound) {
		u, err = a.createApplyAccount(ctx, a.managers(st))
		made = true
	}
	if err != nil {
		return false, err
	}
	return made, a.settings.keepAMISecret(u.Secret)
}

func (a *app) createApplyAccount(ctx context.Context, service *manager.Service) (*manager.User, error) {
	address, err := a.settings.amiAddress()
	if err != nil {
		return nil, err
	}
	permit, err := ownAddresses(address)
	if err != nil {
		return nil, err
	}
	preset, _ := manager.PresetNamed("apply")
	u := &manager.User{
		Name:   a.settings.amiUser,
		Permit: permit,
		Owner:  "pbxctl",
		Note:   "The configuration is applied with this account.",
	}
	preset.ApplyTo(u)
	return service.Create(ctx, u)
}

// ownAddresses are where a program on the host of Asterisk logs in from: the
// loopback, and the very address that AMI listens on, because from an address
// of its own a host reaches that one.
func ownAddresses(listens string) ([]manager.Network, error) {
	own := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if at, err := netip.ParseAddrPort(listens); err == nil && !at.Addr().IsLoopback() && !at.Addr().IsUnspecified() {
		own = append(own, at.Addr().Unmap())
	}
	networks := make([]manager.Network, len(own))
	for i, addr := range own {
		n, err := manager.NetworkFrom(netip.PrefixFrom(addr, addr.BitLen()))
		if err != nil {
			return nil, err
		}
		networks[i] = n
	}
	return networks, nil
}

// enter logs in to Asterisk, which may not know the account yet, or may have
// an earlier secret of it.
func (a *app) enter(ctx context.Context, st manager.Store, made bool) (*ami.Client, error) {
	if !made || a.settings.ami == noAsterisk {
		client, err := a.dial(ctx, "")
		if !errors.Is(err, ami.ErrAuthentication) && !errors.Is(err, ami.ErrUnreachable) {
			return client, err
		}
	}
	return a.bootstrap(ctx, st)
}

// bootstrap brings the files to Asterisk without AMI: they are put in place,
// the asterisk command reloads the manager, and then AMI must let us in.
func (a *app) bootstrap(ctx context.Context, st manager.Store) (*ami.Client, error) {
	offline, err := a.openFolder(st, nil)
	if err != nil {
		return nil, err
	}
	if _, err := offline.Apply(ctx); err != nil {
		return nil, err
	}
	if err := a.console(ctx, "manager reload"); err != nil {
		return nil, &hintedError{
			fmt.Errorf("the files are in place, and Asterisk could not be told to read them: %w", err),
			"Run 'pbxctl config install' again on the host of Asterisk while it runs; --asterisk says how its command is called.",
		}
	}
	return a.dialUntil(ctx, bootTimeout)
}

// Bounds of what Asterisk may take for a command of its console, and to listen
// after a reload.
const (
	consoleTimeout = time.Minute
	bootTimeout    = 10 * time.Second
	bootInterval   = 100 * time.Millisecond
)

// dialUntil dials again while nothing listens yet.
func (a *app) dialUntil(ctx context.Context, limit time.Duration) (*ami.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(bootInterval)
	defer tick.Stop()
	for {
		client, err := a.dial(ctx, "")
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
func (a *app) console(ctx context.Context, command string) error {
	ctx, cancel := context.WithTimeout(ctx, consoleTimeout)
	defer cancel()
	argv := append(strings.Fields(a.settings.asterisk), "-rx", command)
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
