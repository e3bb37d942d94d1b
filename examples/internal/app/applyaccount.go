package app

import (
	"context"
	"errors"
	"net/netip"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// ensureApplyAccount creates the AMI account that applies, if it is missing, and
// reports whether it did. It repairs the secret file from the stored secret: a new
// secret would lock out other hosts that apply with this account.
func (s *App) ensureApplyAccount(ctx context.Context) (created bool, err error) {
	u, err := s.DB.AMIAccounts().Account(ctx, s.Settings.AMIUser)
	if errors.Is(err, store.ErrNotFound) {
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
