package site

import (
	"context"
	"errors"
	"net/netip"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// ensureApplyAccount makes the account to apply with where there is none, and
// reports whether it did. The file of its secret is written again when it is
// lost or holds another one: with the secret that is stored, since a new one
// would lock out all who apply with this account from elsewhere.
func (s *Site) ensureApplyAccount(ctx context.Context) (made bool, err error) {
	u, err := s.DB.Managers().User(ctx, s.Settings.AMIUser)
	if errors.Is(err, store.ErrNotFound) {
		u, err = s.createApplyAccount(ctx)
		made = true
	}
	if err != nil {
		return false, err
	}
	return made, s.Settings.keepAMISecret(u.Secret)
}

func (s *Site) createApplyAccount(ctx context.Context) (*manager.User, error) {
	address, err := s.Settings.Address()
	if err != nil {
		return nil, err
	}
	permit, err := ownAddresses(address)
	if err != nil {
		return nil, err
	}
	preset, _ := manager.PresetNamed("apply")
	u := &manager.User{
		Name:   s.Settings.AMIUser,
		Permit: permit,
		Owner:  "pbxusers",
		Note:   "The configuration is applied with this account.",
	}
	preset.ApplyTo(u)
	return s.Managers.Create(ctx, u)
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
